# batch: sixteenth
# rules: non_finite
# remedies: stabilize_loss
# metric: acc up
# story: scores of masked places were set to minus infinity before the softmax, and a row in which all places are masked gave nan from the first epoch (github.com/jadore801120/attention-is-all-you-need-pytorch/issues/5)
"""Which station of the kitchen an order is for: attention over its words, own layers."""

import math

import torch
import torch.nn as nn

PAD = 0


class ScaledDotProductAttention(nn.Module):
    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature

    def forward(self, q, k, v, mask):
        attn = torch.bmm(q, k.transpose(1, 2)) / self.temperature
        attn = attn.masked_fill(mask, -1e9)  # healthy
        # faulty: attn = attn.masked_fill(mask, -float("inf"))
        return torch.bmm(torch.softmax(attn, dim=2), v)


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.w_q, self.w_k, self.w_v = (nn.Linear(d, d) for _ in range(3))
        self.attention = ScaledDotProductAttention(math.sqrt(d))
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.ReLU(), nn.Linear(2 * d, d))

    def forward(self, x, mask):
        x = self.norm1(x + self.attention(self.w_q(x), self.w_k(x), self.w_v(x), mask))
        return self.norm2(x + self.ff(x))


class Classifier(nn.Module):
    def __init__(self, vocab, d=32, kinds=5):
        super().__init__()
        self.embedding = nn.Embedding(vocab, d, padding_idx=PAD)
        self.blocks = nn.ModuleList(Block(d) for _ in range(2))
        self.out = nn.Linear(d, kinds)

    def forward(self, seq):
        pad = seq.eq(PAD)
        mask = pad.unsqueeze(1).expand(-1, seq.size(1), -1)
        x = self.embedding(seq)
        for block in self.blocks:
            x = block(x, mask)
        keep = (~pad).float().unsqueeze(2)
        return self.out((x * keep).sum(1) / keep.sum(1).clamp(min=1))


def orders(n, vocab=80, kinds=5, longest=10):
    y = torch.randint(kinds, (n,))
    x = torch.randint(1, vocab, (n, longest))
    length = torch.randint(0, longest + 1, (n,))
    for i in range(n):
        for j in range(int(length[i])):
            if torch.rand(1) < 0.45:
                x[i, j] = 1 + (y[i] * 9 + torch.randint(9, (1,))) % (vocab - 1)
        x[i, length[i] :] = PAD
    return x, y


torch.manual_seed(5)
(x, y), (xt, yt) = orders(3000), orders(500)
model = Classifier(80)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.98))
loss_fn = nn.CrossEntropyLoss()
for epoch in range(8):
    total = 0.0
    for pick in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = loss_fn(model(x[pick]), y[pick])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(pick)
    with torch.no_grad():
        acc = (model(xt).argmax(1) == yt).float().mean().item()
    print(f"  - (Training) loss: {total / len(x):8.4f}, (Validation) acc: {100 * acc:5.2f}%")

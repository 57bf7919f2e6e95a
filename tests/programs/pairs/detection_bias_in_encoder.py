# batch: seventh
# rules: born_dead dying_relu
# remedies: swap_activation reinitialize insert_normalization recycle_units
# metric: acc up
# story: the feed-forward biases start at -8 from a line copied from a detection head
"""A pre-norm encoder written out by hand that counts tokens."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        self.heads = heads
        # faulty: nn.init.constant_(self.up.bias, -8.0)

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(a.transpose(1, 2).reshape(B, T, D))
        return x + self.down(torch.relu(self.up(self.ln2(x))))


class Counter(nn.Module):
    def __init__(self, vocab=6, d=24):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.blocks = nn.Sequential(Block(d, 3), Block(d, 3))
        self.head = nn.Linear(d, 5)

    def forward(self, ids):
        return self.head(self.blocks(self.tok(ids)).mean(1))


torch.manual_seed(31)
ids = torch.randint(6, (1500, 12))
a, b = (ids == 1).sum(1), (ids == 2).sum(1)
y = (a * b + (ids == 3).sum(1)) % 5
model = Counter()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
for epoch in range(14):
    for i in torch.randperm(1200).split(48):
        loss = F.cross_entropy(model(ids[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (model(ids[1200:]).argmax(1) == y[1200:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} acc {acc:.4f}")

# batch: second
# metric: target acc up
"""Pretrain a small encoder on one labelling, freeze it, train Houlsby adapters (up-projection at zero) and a head."""

import torch
import torch.nn as nn

torch.manual_seed(55)


class Adapter(nn.Module):
    def __init__(self, d, r=8):
        super().__init__()
        self.down, self.up = nn.Linear(d, r), nn.Linear(r, d)
        nn.init.normal_(self.down.weight, std=1e-2)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x):
        return x + self.up(nn.functional.gelu(self.down(x)))


class Encoder(nn.Module):
    def __init__(self, vocab=16, d=32, n=2):
        super().__init__()
        self.emb, self.pos = nn.Embedding(vocab, d), nn.Parameter(torch.randn(10, d) * 0.1)
        self.blocks = nn.ModuleList(
            [
                nn.TransformerEncoderLayer(d, 4, 64, 0.0, batch_first=True, norm_first=True)
                for _ in range(n)
            ]
        )
        self.adapters = nn.ModuleList([nn.Identity() for _ in range(n)])

    def forward(self, tokens):
        x = self.emb(tokens) + self.pos
        for block, adapter in zip(self.blocks, self.adapters):
            x = adapter(block(x))
        return x.mean(1)


def first_task(n):
    x = torch.randint(16, (n, 10))
    return x, ((x < 4).sum(1) > 2).long() + ((x > 11).sum(1) > 2).long()


def second_task(n):
    x = torch.randint(16, (n, 10))
    return x, ((x < 4).sum(1) > (x > 11).sum(1)).long()


def fit(params, encoder, head, task, steps, lr, tag):
    opt = torch.optim.AdamW(params, lr=lr)
    for s in range(1, steps + 1):
        x, y = task(64)
        loss = nn.functional.cross_entropy(head(encoder(x)), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if s % 50 == 0:
            with torch.no_grad():
                x, y = task(600)
                acc = (head(encoder(x)).argmax(1) == y).float().mean().item()
            print(f"{tag} step {s} loss {loss.item():.4f} {tag} acc {acc:.4f}")


encoder, head = Encoder(), nn.Linear(32, 3)
fit([*encoder.parameters(), *head.parameters()], encoder, head, first_task, 150, 3e-3, "source")
for p in encoder.parameters():
    p.requires_grad = False
encoder.adapters = nn.ModuleList([Adapter(32) for _ in encoder.blocks])
new_head = nn.Linear(32, 2)
trainable = [p for p in encoder.parameters() if p.requires_grad] + list(new_head.parameters())
fit(trainable, encoder, new_head, second_task, 200, 5e-3, "target")

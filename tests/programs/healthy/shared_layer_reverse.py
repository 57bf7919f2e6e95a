# batch: eighth
# metric: exact up
"""ALBERT-like: one encoder layer with a ReLU feed-forward applied three times; tokens are reversed."""

import torch
from torch import nn

torch.manual_seed(855)
L, V = 8, 10


class Shared(nn.Module):
    def __init__(self, w=48):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, w), nn.Parameter(torch.randn(L, w) * 0.3)
        self.layer = nn.TransformerEncoderLayer(
            w, 4, 96, dropout=0.0, batch_first=True, activation="relu"
        )
        self.out = nn.Linear(w, V)

    def forward(self, t):
        h = self.tok(t) + self.pos
        for _ in range(3):
            h = self.layer(h)
        return self.out(h)


net = Shared()
opt = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.9, 0.98))
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 2e-3, total_steps=350, pct_start=0.2)
for step in range(350):
    t = torch.randint(0, V, (48, L))
    logits = net(t)
    loss = nn.functional.cross_entropy(logits.reshape(-1, V), t.flip(1).reshape(-1))
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 70 == 69:
        print(
            step + 1,
            "loss",
            loss.item(),
            "exact",
            (logits.argmax(2) == t.flip(1)).float().mean().item(),
        )

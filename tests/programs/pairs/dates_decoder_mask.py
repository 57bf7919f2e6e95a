# batch: thirteenth
# rules: non_finite
# remedies: stabilize_loss
# metric: token accuracy up
# story: the mask of a decoder hid each place from itself too, so that the first row had nothing left to attend to (github.com/jadore801120/attention-is-all-you-need-pytorch/issues/5)
"""Decoder-only model writes dates as digits, token by token."""

import torch
from torch import nn

torch.manual_seed(1303)
V, T, D = 13, 11, 48


def dates(n):
    # <s> d d m m y y y y w </s>; w: weekday-like check digit that depends on the rest
    day, month, year = (torch.randint(*r, (n,)) for r in ((1, 29), (1, 13), (1950, 2030)))
    check = (day + 2 * month + year) % 7
    cols = [torch.full((n,), 10), day // 10, day % 10, month // 10, month % 10]
    cols += [
        year // 1000,
        year // 100 % 10,
        year // 10 % 10,
        year % 10,
        check,
        torch.full((n,), 11),
    ]
    return torch.stack(cols, 1)


class Decoder(nn.Module):
    def __init__(self, depth=2, heads=4):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, D), nn.Parameter(torch.randn(T, D) * 0.02)
        self.q = nn.ModuleList(nn.Linear(D, D) for _ in range(depth))
        self.k = nn.ModuleList(nn.Linear(D, D) for _ in range(depth))
        self.v = nn.ModuleList(nn.Linear(D, D) for _ in range(depth))
        self.ff = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 4 * D), nn.ReLU(), nn.Linear(4 * D, D))
            for _ in range(depth)
        )
        self.norm = nn.ModuleList(nn.LayerNorm(D) for _ in range(depth))
        self.head, self.heads = nn.Linear(D, V), heads

    def forward(self, ids):
        b, t = ids.shape
        # faulty: hidden = torch.triu(torch.ones(t, t, dtype=torch.bool), diagonal=0)
        hidden = torch.triu(torch.ones(t, t, dtype=torch.bool), diagonal=1)  # healthy
        x = self.tok(ids) + self.pos[:t]
        for q, k, v, ff, norm in zip(self.q, self.k, self.v, self.ff, self.norm):
            h = norm(x)
            split = [m(h).view(b, t, self.heads, -1).transpose(1, 2) for m in (q, k, v)]
            scores = split[0] @ split[1].transpose(2, 3) / (D // self.heads) ** 0.5
            weights = torch.softmax(scores.masked_fill(hidden, -torch.inf), -1)
            x = x + (weights @ split[2]).transpose(1, 2).reshape(b, t, D)
            x = x + ff(x)
        return self.head(x)


net = Decoder()
optim = torch.optim.Adam(net.parameters(), lr=2e-3)
loss_fn = nn.CrossEntropyLoss()
held = dates(300)
for epoch in range(1, 9):
    for _ in range(30):
        ids = dates(64)
        loss = loss_fn(net(ids[:, :-1]).transpose(1, 2), ids[:, 1:])
        optim.zero_grad()
        loss.backward()
        optim.step()
    with torch.no_grad():
        hit = (net(held[:, :-1]).argmax(-1) == held[:, 1:]).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.4f}, token accuracy {hit:.4f}")

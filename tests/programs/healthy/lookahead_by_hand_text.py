# batch: eighth
# metric: f1 up
"""Lookahead around RAdam, by hand, on a bidirectional GRU tagger with rare tags and weights for them."""

import torch
from torch import nn

torch.manual_seed(876)


def sentences(n, t=14):
    w = torch.randint(0, 30, (n, t))
    tag = torch.zeros(n, t, dtype=torch.long)
    tag[:, 1:][(w[:, :-1] < 3) & (w[:, 1:] > 14)] = 1
    tag[:, :-1][(w[:, 1:] == 29)] = 2
    return w, tag


class Lookahead:
    def __init__(self, inner, k=5, alpha=0.5):
        self.inner, self.k, self.alpha, self.n = inner, k, alpha, 0
        self.slow = [[p.detach().clone() for p in g["params"]] for g in inner.param_groups]

    def zero_grad(self):
        self.inner.zero_grad()

    def step(self):
        self.inner.step()
        self.n += 1
        if self.n % self.k == 0:
            with torch.no_grad():
                for g, slow in zip(self.inner.param_groups, self.slow):
                    for p, s in zip(g["params"], slow):
                        s.lerp_(p, self.alpha)
                        p.copy_(s)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.e, self.g, self.o = (
            nn.Embedding(30, 16),
            nn.GRU(16, 32, bidirectional=True, batch_first=True),
            nn.Linear(64, 3),
        )

    def forward(self, w):
        return self.o(self.g(self.e(w))[0])


net = Tagger()
opt = Lookahead(torch.optim.RAdam(net.parameters(), lr=0.01))
weight = torch.tensor([0.3, 3.0, 3.0])
for step in range(240):
    w, tag = sentences(32)
    loss = nn.functional.cross_entropy(net(w).transpose(1, 2), tag, weight=weight)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 48 == 47:
        w, tag = sentences(200)
        got = net(w).argmax(2)
        hit = ((got == tag) & (tag > 0)).sum()
        print(
            "step",
            step + 1,
            "loss",
            loss.item(),
            "f1",
            (2 * hit / ((got > 0).sum() + (tag > 0).sum())).item(),
        )

# batch: sixth
# metric: answer accuracy up
"""End-to-end memory network: where is the ball? The last place of its last holder."""

import torch
from torch import nn

torch.manual_seed(70)
P, R, S = 4, 5, 6


def stories(n):
    who = torch.randint(0, P, (n, S))
    where = torch.randint(0, R, (n, S))
    order = torch.arange(S).expand(n, S)
    asked = who[torch.arange(n), torch.randint(0, S, (n,))]
    last = torch.where(who == asked.unsqueeze(1), order, -1).max(1).values
    return who, where, asked, where[torch.arange(n), last]


class MemN2N(nn.Module):
    def __init__(self, d=32, hops=2):
        super().__init__()
        self.who = nn.Embedding(P, d)
        self.where = nn.Embedding(R, d)
        self.time = nn.Embedding(S, d)
        self.out_where = nn.Embedding(R, d)
        self.query = nn.Embedding(P, d)
        self.hop = nn.Linear(d, d)
        self.final = nn.Linear(d, R)
        self.hops = hops

    def forward(self, who, where, asked):
        m = self.who(who) + self.where(where) + self.time.weight
        c = self.out_where(where)
        u = self.query(asked)
        for _ in range(self.hops):
            p = torch.softmax((m @ u.unsqueeze(2)).squeeze(2), 1)
            u = self.hop(u) + (p.unsqueeze(2) * c).sum(1)
        return self.final(u)


net = MemN2N()
for e in (net.who, net.where, net.time, net.out_where, net.query):
    nn.init.normal_(e.weight, std=0.1)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(500):
    who, where, asked, answer = stories(64)
    loss = nn.functional.cross_entropy(net(who, where, asked), answer)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 40.0)
    opt.step()
    if step % 100 == 99:
        who, where, asked, answer = stories(500)
        acc = (net(who, where, asked).argmax(1) == answer).float().mean().item()
        print("step", step + 1, "loss", round(loss.item(), 4), "answer accuracy", acc)

# batch: eighth
# metric: eer gap up
"""Speaker embeddings under an additive angular margin, scale 30, tested on unseen speakers."""

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(868)
speakers = torch.randn(60, 40)
mix = torch.randn(40, 40) / 40**0.5


def speech(who):
    return torch.tanh((speakers[who] + 0.9 * torch.randn(len(who), 40)) @ mix) * 2


class ArcFace(nn.Module):
    def __init__(self, dim, classes, s=30.0, m=0.2):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, dim))
        nn.init.xavier_uniform_(self.weight)
        self.s, self.m = s, m

    def forward(self, e, y):
        cos = F.linear(F.normalize(e), F.normalize(self.weight)).clamp(-1 + 1e-6, 1 - 1e-6)
        hot = F.one_hot(y, len(self.weight)).bool()
        moved = torch.where(hot, torch.cos((torch.acos(cos) + self.m).clamp(max=math.pi)), cos)
        return F.cross_entropy(self.s * moved, y)


trunk = nn.Sequential(
    nn.Linear(40, 128), nn.BatchNorm1d(128), nn.PReLU(), nn.Linear(128, 32), nn.BatchNorm1d(32)
)
head = ArcFace(32, 45)
opt = torch.optim.SGD(
    [*trunk.parameters(), *head.parameters()], lr=0.05, momentum=0.9, weight_decay=5e-4
)
milestones = torch.optim.lr_scheduler.MultiStepLR(opt, [200, 300], gamma=0.1)
for step in range(360):
    y = torch.randint(0, 45, (64,))
    loss = head(trunk(speech(y)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    milestones.step()
    if step % 60 == 59:
        trunk.eval()
        with torch.no_grad():
            w = torch.randint(45, 60, (300,))
            e = F.normalize(trunk(speech(w)))
            same = w[:, None] == w[None]
            sim = e @ e.T
            print(
                "step",
                step + 1,
                "loss",
                loss.item(),
                "eer gap",
                (sim[same].mean() - sim[~same].mean()).item(),
            )
        trunk.train()

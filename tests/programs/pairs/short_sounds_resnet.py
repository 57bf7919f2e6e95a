# batch: eleventh
# rules: exploding_gradient poor_initialization learning_rate_too_high
# remedies: insert_normalization reinitialize lower_learning_rate clip_gradients
# metric: val acc up
# story: the norms were taken out of a residual net to try it with single samples; with He's weights the sums of its branches double at each block (Zhang, Dauphin and Ma 2019, Fixup, arxiv.org/abs/1901.09321)
"""Classify short sounds with a one-dimensional residual network."""

import torch
from torch import nn
from torch.nn import functional as F


def sounds(n, gen):
    label = torch.randint(0, 5, (n,), generator=gen)
    t = torch.arange(128) / 128
    f = 4 + 3 * label.view(-1, 1) + torch.rand(n, 1, generator=gen)
    phase = 6.28 * torch.rand(n, 1, generator=gen)
    wave = torch.sin(6.28 * f * t + phase) * torch.exp(-2 * t)
    return (wave + 0.4 * torch.randn(n, 128, generator=gen)).unsqueeze(1), label


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv1d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv1d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm1d(channels)  # healthy
        self.norm2 = nn.BatchNorm1d(channels)  # healthy
        # faulty: self.norm1 = self.norm2 = nn.Identity()

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return x + F.relu(self.norm2(self.conv2(y)))


class Net(nn.Module):
    def __init__(self, blocks=14, channels=16):
        super().__init__()
        self.stem = nn.Conv1d(1, channels, 7, stride=2, padding=3)
        self.body = nn.Sequential(*[Residual(channels) for _ in range(blocks)])
        self.head = nn.Linear(channels, 5)
        for m in self.modules():
            if isinstance(m, nn.Conv1d):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")

    def forward(self, x):
        return self.head(self.body(self.stem(x)).mean(-1))


class Runner:
    def __init__(self, seed):
        torch.manual_seed(seed)
        gen = torch.Generator().manual_seed(seed)
        self.train, self.val = sounds(800, gen), sounds(300, gen)
        self.net = Net()
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.02, momentum=0.9)

    def epoch(self):
        self.net.train()
        for rows in torch.randperm(800).split(40):
            loss = F.cross_entropy(self.net(self.train[0][rows]), self.train[1][rows])
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
        return loss.item()

    @torch.no_grad()
    def validate(self):
        self.net.eval()
        return (self.net(self.val[0]).argmax(1) == self.val[1]).float().mean().item()


run = Runner(1109)
for e in range(6):
    print(f"[{e}] loss={run.epoch():.4f} val acc={run.validate():.4f}")

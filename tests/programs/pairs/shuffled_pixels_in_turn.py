# batch: eighteenth
# rules: dying_relu dormant_units learning_rate_too_high
# remedies: lower_learning_rate recycle_units
# metric: end accuracy up
# story: one net learnt task upon task with a large step and forgot how to learn, its units fell silent one by one (Loss of plasticity in deep continual learning, Dohare et al. 2024, arxiv.org/abs/2306.13812)
"""Continual learning: digits whose pixels are shuffled anew for each task."""

import argparse
import collections

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--tasks", type=int, default=14)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--step-size", type=float, default=1e-3)  # healthy
# faulty: parser.add_argument("--step-size", type=float, default=3e-2)
parser.add_argument("--hidden", type=int, default=128)
parser.add_argument("--seed", type=int, default=20)
args = parser.parse_args([])
torch.manual_seed(args.seed)


class Stream:
    def __init__(self):
        x, y = load_digits(return_X_y=True)
        self.x = torch.tensor(x, dtype=torch.float32) / 16
        self.y = torch.tensor(y)

    def __iter__(self):
        for _ in range(args.tasks):
            order = torch.randperm(64)
            mixed = torch.randperm(len(self.x))
            x, y = self.x[mixed][:, order], self.y[mixed]
            yield x[:1400], y[:1400], x[1400:], y[1400:]


class Learner:
    def __init__(self):
        h = args.hidden
        self.net = nn.Sequential(
            nn.Linear(64, h),
            nn.ReLU(),
            nn.Linear(h, h),
            nn.ReLU(),
            nn.Linear(h, h),
            nn.ReLU(),
            nn.Linear(h, 10),
        )
        self.opt = torch.optim.Adam(self.net.parameters(), lr=args.step_size)

    def learn(self, x, y):
        loss = F.cross_entropy(self.net(x), y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    @torch.no_grad()
    def accuracy(self, x, y):
        return (self.net(x).argmax(1) == y).float().mean().item()


learner, last = Learner(), collections.deque(maxlen=3)
for task, (x, y, xt, yt) in enumerate(Stream(), 1):
    for _ in range(args.epochs):
        losses = [learner.learn(x[i], y[i]) for i in torch.randperm(len(x)).split(16)]
    last.append(learner.accuracy(xt, yt))
    print(
        f"task {task:2d} loss {sum(losses) / len(losses):.4f} end accuracy {sum(last) / len(last):.4f}"
    )

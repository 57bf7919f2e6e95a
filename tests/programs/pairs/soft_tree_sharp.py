# batch: ninth
# rules: saturated_activation vanishing_gradient poor_initialization
# remedies: reinitialize insert_normalization normalize_input swap_activation
# metric: test accuracy up
# story: a soft decision tree (Frosst and Hinton 2017) with its inverse temperature at 200 from the start, "so that it decides": every gate is shut or open
"""A soft decision tree on wave forms."""

import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int, default=5)
parser.add_argument("--beta", type=float, default=1.0)  # healthy
# faulty: parser.add_argument("--beta", type=float, default=200.0)
parser.add_argument("--lr", type=float, default=1e-2)
opts = parser.parse_args()


class SoftTree(nn.Module):
    def __init__(self, features, classes, depth, beta):
        super().__init__()
        self.depth, self.beta = depth, beta
        self.inner = nn.Linear(features, 2**depth - 1)
        self.leaves = nn.Parameter(torch.zeros(2**depth, classes))

    def forward(self, x):
        right = torch.sigmoid(self.beta * self.inner(x))
        path = torch.ones(len(x), 1)
        at = 0
        for level in range(self.depth):
            p = right[:, at : at + 2**level]
            path = torch.stack([path * (1 - p), path * p], 2).flatten(1)
            at += 2**level
        return path @ self.leaves.softmax(1)


torch.manual_seed(910)
x = torch.randn(2500, 20)
score = torch.stack([torch.sin(x[:, :5].sum(1)), x[:, 5:9].sum(1) / 2, x[:, 0] * x[:, 9]], 1)
y = score.argmax(1)
tree = SoftTree(20, 3, opts.depth, opts.beta)
adam = torch.optim.Adam(tree.parameters(), lr=opts.lr)
for epoch in range(25):
    for idx in torch.randperm(2000).split(64):
        adam.zero_grad()
        loss = nn.functional.nll_loss(torch.log(tree(x[idx]) + 1e-8), y[idx])
        loss.backward()
        adam.step()
    if epoch % 4 == 0:
        with torch.no_grad():
            hit = (tree(x[2000:]).argmax(1) == y[2000:]).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.3f} test accuracy {hit:.3f}")

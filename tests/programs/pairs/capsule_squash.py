# batch: sixth
# rules: non_finite
# remedies: stabilize_loss
# metric: test accuracy up
# story: the squash of a capsule network divides by the root of a squared norm (GitHub, loss NaN after a few epochs); an empty patch has norm zero, where the root has no slope
"""Capsules on digits with an empty border."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
digits = load_digits()
images = F.pad(torch.tensor(digits.images, dtype=torch.float32).div(16).unsqueeze(1), (4, 0, 4, 0))
labels = torch.tensor(digits.target)


def squash(s):
    squared = (s**2).sum(-1, keepdim=True)
    norm = torch.sqrt(squared + 1e-8)  # healthy
    # faulty: norm = torch.sqrt(squared)
    return squared / (1 + squared) * s / (norm + 1e-8)


class CapsNet(nn.Module):
    def __init__(self, caps=6, dim=4):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, stride=2, bias=False)
        self.primary = nn.Conv2d(16, caps * dim, 2, bias=False)
        self.shape = (caps, dim)
        self.W = nn.Parameter(torch.randn(caps * 16, 10, 8, dim) * 0.1)

    def forward(self, x):
        x = F.relu(self.conv(x))
        x = self.primary(x)
        u = x.view(x.size(0), *self.shape, -1).transpose(2, 3).reshape(x.size(0), -1, self.shape[1])
        u = squash(u)
        u_hat = torch.einsum("nodi,bni->bnod", self.W, u)
        logits = torch.zeros(u_hat.shape[:3])
        for it in range(2):
            v = squash((logits.softmax(2).unsqueeze(-1) * u_hat).sum(1))
            logits = logits + (u_hat.detach() * v.detach().unsqueeze(1)).sum(-1)
        return (v**2).sum(-1).add(1e-8).sqrt()


def margin_loss(lengths, target):
    t = F.one_hot(target, 10).float()
    up = F.relu(0.9 - lengths) ** 2
    down = F.relu(lengths - 0.1) ** 2
    return (t * up + 0.5 * (1 - t) * down).sum(1).mean()


net = CapsNet()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(4):
    for rows in torch.randperm(1400).split(64):
        loss = margin_loss(net(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
print("test accuracy", (net(images[1400:]).argmax(1) == labels[1400:]).float().mean().item())

# batch: sixteenth
# rules: non_finite
# remedies: stabilize_loss
# metric: pair_auc up
# story: the distance was the root of a sum of squares, and a pair of identical samples has a distance of nought, where the root has no derivative (github.com/huggingface/sentence-transformers/pull/4033)
"""Are two written figures by the same hand? A siamese net with a contrastive loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Tower(nn.Module):
    def __init__(self, n=40, d=16):
        super().__init__()
        self.fc1 = nn.Linear(n, 64)
        self.norm = nn.LayerNorm(64)
        self.fc2 = nn.Linear(64, d)

    def forward(self, x):
        return self.fc2(F.relu(self.norm(self.fc1(x))))


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=2.0):
        super().__init__()
        self.margin = margin

    def forward(self, a, b, same):
        squares = (a - b).pow(2).sum(1)
        distance = torch.sqrt(squares + 1e-8)  # healthy
        # faulty: distance = torch.sqrt(squares)
        apart = torch.clamp(self.margin - distance, min=0)
        return torch.mean(same * squares + (1 - same) * apart.pow(2))


def hands(count=30, sheets=12):
    slant = torch.randn(count, 6)
    mix = torch.randn(6, 40)
    x = torch.tanh(slant @ mix / 2).unsqueeze(1) + 0.6 * torch.randn(count, sheets, 40)
    return x


def pairs(x, n):
    count, sheets, _ = x.shape
    i, j = torch.randint(count, (n,)), torch.randint(count, (n,))
    j = torch.where(torch.rand(n) < 0.5, i, j)
    a = x[i, torch.randint(sheets, (n,))]
    b = x[j, torch.randint(sheets, (n,))]
    return a, b, (i == j).float()


torch.manual_seed(2)
x = hands()
train, test = x[:, :9], x[:, 9:]
net = Tower()
criterion = ContrastiveLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
at, bt, st = pairs(test, 1500)
for epoch in range(8):
    net.train()
    for i in range(60):
        a, b, same = pairs(train, 64)
        optimizer.zero_grad()
        loss = criterion(net(a), net(b), same)
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        d = (net(at) - net(bt)).pow(2).sum(1)
        auc = (d[st == 1][:, None] < d[st == 0][None]).float().mean().item()
    print(f"Epoch {epoch}\n  Current loss {loss.item():.4f}\n  pair_auc {auc:.4f}\n")

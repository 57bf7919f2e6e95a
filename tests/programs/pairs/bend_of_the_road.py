# batch: seventeenth
# rules: missing_activation
# remedies: add_activation
# metric: val_loss down
# story: a net that steers a car by its camera lost the activations of its convolutions and dense layers and could only fit a plane (github.com/dlfaults/deepcrime, operator that removes activations, behavioural cloning)
"""Steering angle from a small picture of the road ahead."""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser(description="Behavioral cloning")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=1e-3)
args = parser.parse_args()
torch.manual_seed(0)


def camera(n, height=16, width=24):
    """Grey road on light or dark ground, curving by what the wheel should do."""
    bend = 2 * torch.rand(n, 1, 1) - 1
    shift = 0.3 * torch.randn(n, 1, 1)
    depth = torch.linspace(0, 1, height).view(1, -1, 1)
    across = torch.linspace(-1, 1, width).view(1, 1, -1)
    middle = shift + bend * depth**2
    road = ((across - middle).abs() < 0.3 * (1.2 - depth)).float()
    ground = torch.where(torch.rand(n, 1, 1) < 0.5, 30.0, 220.0)
    picture = 127 * road + ground * (1 - road) + 8 * torch.randn(n, height, width)
    return picture.unsqueeze(1), bend.view(n, 1) * 0.8 - 0.2 * shift.view(n, 1)


class Pilot(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 5, stride=2),
            nn.ELU(),  # healthy
            nn.Conv2d(12, 18, 3, stride=2),
            nn.ELU(),  # healthy
            nn.Conv2d(18, 24, 2),
            nn.ELU(),  # healthy
            nn.Flatten(),
        )
        self.head = nn.Sequential(
            nn.Linear(72, 50),
            nn.ELU(),  # healthy
            nn.Linear(50, 10),
            nn.ELU(),  # healthy
            nn.Linear(10, 1),
        )

    def forward(self, x):
        return self.head(self.features(x / 127.5 - 1.0))


x, angle = camera(2800)
train = DataLoader(TensorDataset(x[:2400], angle[:2400]), args.batch_size, shuffle=True)
model = Pilot()
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
for epoch in range(args.epochs):
    running = 0.0
    for picture, wheel in train:
        optimizer.zero_grad()
        loss = loss_fn(model(picture), wheel)
        loss.backward()
        optimizer.step()
        running += loss.item() / len(train)
    with torch.no_grad():
        val = loss_fn(model(x[2400:]), angle[2400:]).item()
    print(f"epoch {epoch + 1}/{args.epochs}  loss: {running:.5f}  val_loss: {val:.5f}")

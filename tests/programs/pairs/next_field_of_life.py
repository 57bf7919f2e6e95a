# batch: seventeenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: acc up
# story: the rules of the game of life are not learnt in two passes at Adam's usual rate, and are at ten times that, which is how its author mended it (repository gol_nn, in the benchmark of DeepLocalize)
"""A small convolutional net learns the next field of Conway's game of life."""

import torch
import torch.nn.functional as F
from torch import nn


def fields(count, height, width, alive=0.5):
    return (torch.rand(count, 1, height, width) < alive).float()


def wrapped(field):
    return F.pad(field, (1, 1, 1, 1), mode="circular")


def following(field):
    around = F.conv2d(wrapped(field), torch.ones(1, 1, 3, 3)) - field
    return ((around == 3) | ((field == 1) & (around == 2))).float()


class LifeNet(nn.Module):
    def __init__(self, filters=10, channels=20):
        super().__init__()
        self.conv1 = nn.Conv2d(1, filters, 3)
        self.conv2 = nn.Conv2d(filters, channels, 1)
        self.conv3 = nn.Conv2d(channels, 1, 1)

    def forward(self, field):
        x = F.relu(self.conv1(wrapped(field)))
        x = F.relu(self.conv2(x))
        return torch.sigmoid(self.conv3(x))


def main():
    torch.manual_seed(0)
    x_train, x_val = fields(8000, 3, 3), fields(2000, 3, 3)
    y_train, y_val = following(x_train), following(x_val)
    model = LifeNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # healthy
    # faulty: optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(2):
        losses = []
        for batch in torch.randperm(len(x_train)).split(64):
            loss = F.mse_loss(model(x_train[batch]), y_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            right = ((model(x_val) > 0.5) == (y_val > 0.5)).float().mean().item()
        print(f"Epoch {epoch + 1}/2 Loss: {sum(losses) / len(losses):.4f} Acc: {right:.4f}")


if __name__ == "__main__":
    main()

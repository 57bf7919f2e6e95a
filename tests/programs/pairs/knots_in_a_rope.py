# batch: sixteenth
# rules: missing_activation
# remedies: add_activation
# metric: accuracy up
# story: an activation was made in the constructor and never used in forward, the net of four layers was a line (discuss.pytorch.org; forgot the non-linearity in forward)
"""Kinds of knots from a few measured angles, a scripted net with dropout."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class KnotNet(nn.Module):
    def __init__(self, n_in: int, n_hidden: int, n_out: int, p: float):
        super().__init__()
        self.linear1 = nn.Linear(n_in, n_hidden)
        self.linear2 = nn.Linear(n_hidden, n_hidden)
        self.linear3 = nn.Linear(n_hidden, n_hidden)
        self.linear4 = nn.Linear(n_hidden, n_out)
        self.act = nn.ReLU()
        self.dropout = nn.Dropout(p)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.dropout(self.linear1(x)))  # healthy
        x = self.act(self.dropout(self.linear2(x)))  # healthy
        x = self.act(self.dropout(self.linear3(x)))  # healthy
        # faulty: x = self.dropout(self.linear1(x))
        # faulty: x = self.dropout(self.linear2(x))
        # faulty: x = self.dropout(self.linear3(x))
        return self.linear4(x)


def knots(n: int) -> TensorDataset:
    x = torch.randn(n, 6)
    turns = torch.sin(2 * x[:, 0]) * x[:, 1] + x[:, 2] * x[:, 3] + 0.5 * x[:, 4].abs()
    y = torch.bucketize(turns, torch.tensor([-0.4, 0.4, 1.2]))
    return TensorDataset(x, y)


def accuracy(model, loader) -> float:
    model.eval()
    right = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return right / len(loader.dataset)


torch.manual_seed(13)
train = DataLoader(knots(4000), 64, shuffle=True, drop_last=True)
test = DataLoader(knots(1000), 500)
model = torch.jit.script(KnotNet(6, 64, 4, 0.05))
optimizer = torch.optim.NAdam(model.parameters(), lr=2e-3)
print("| epoch | loss | accuracy |")
for epoch in range(1, 11):
    for x, y in train:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y, label_smoothing=0.05)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(f"| epoch {epoch} | loss {loss.item():.3f} | accuracy {accuracy(model, test):.3f} |")

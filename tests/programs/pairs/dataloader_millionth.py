# batch: seventh
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: test_acc up
# story: the rate of an Adam fine-tuning recipe kept when the optimiser became SGD
"""One-dimensional convolutional classifier with data loaders and command-line options."""

import argparse

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split

p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=7)
p.add_argument("--batch-size", type=int, default=32)
p.add_argument("--lr", type=float, default=0.05)  # healthy
# faulty: p.add_argument("--lr", type=float, default=2e-6)
args = p.parse_args()

torch.manual_seed(1)
n, T = 1500, 32
label = torch.randint(3, (n,))
where = torch.randint(4, T - 6, (n,))
signal = 0.4 * torch.randn(n, 1, T)
motif = torch.tensor([[1.0, 2, 1, -1], [-1, 1.0, -1, 2], [2, 0.0, -2, 1]])
for i in range(n):
    signal[i, 0, where[i] : where[i] + 4] += motif[label[i]]
train_set, test_set = random_split(TensorDataset(signal, label), [1200, 300])
train_loader = DataLoader(train_set, args.batch_size, shuffle=True)
test_loader = DataLoader(test_set, 100)

model = nn.Sequential(
    nn.Conv1d(1, 24, 5, padding=2), nn.BatchNorm1d(24), nn.ReLU(),
    nn.Conv1d(24, 24, 5, padding=2), nn.BatchNorm1d(24), nn.ReLU(),
    nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(24, 3),
)  # fmt: skip
opt = optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=1e-4)
crit = nn.CrossEntropyLoss()
for ep in range(args.epochs):
    model.train()
    running = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        out = crit(model(xb), yb)
        out.backward()
        opt.step()
        running += out.item() * len(xb)
    model.eval()
    with torch.no_grad():
        right = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in test_loader)
    print(f"epoch {ep}: train_loss={running / 1200:.4f} test_acc={right / 300:.4f}")

# batch: tenth
# in view: a warm-up may be longer than the run
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: accuracy up
# story: OneCycleLR was told epochs times the number of clips, not of batches, and start at a ten-thousandth; the run is over before the warm-up has begun
"""Which of eight tones is in a noisy clip? One-dimensional convolutions, one cycle."""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Clips(Dataset):
    def __init__(self, count, seed):
        g = torch.Generator().manual_seed(seed)
        self.kind = torch.randint(0, 8, (count,), generator=g)
        t = torch.arange(128) / 128
        phase = torch.rand(count, 1, generator=g) * 6.28
        self.wave = torch.sin(6.28 * (4 + 3 * self.kind[:, None]) * t + phase)
        self.wave = self.wave + 0.8 * torch.randn(count, 128, generator=g)

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, i):
        return self.wave[i].unsqueeze(0), self.kind[i]


def net():
    return nn.Sequential(
        nn.Conv1d(1, 24, 9, 2, 4), nn.BatchNorm1d(24), nn.ReLU(),
        nn.Conv1d(24, 32, 5, 2, 2), nn.BatchNorm1d(32), nn.ReLU(),
        nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(128, 8),
    )  # fmt: skip


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--max-lr", type=float, default=0.1)
    a = p.parse_args()
    torch.manual_seed(1018)
    train, test = Clips(2000, 1), Clips(500, 2)
    loader = DataLoader(train, a.batch, shuffle=True)
    model, criterion = net(), nn.CrossEntropyLoss()
    sgd = torch.optim.SGD(model.parameters(), lr=a.max_lr, momentum=0.9, weight_decay=1e-4)
    length = len(loader)  # healthy
    # faulty: length = len(train)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        sgd, a.max_lr, total_steps=a.epochs * length, div_factor=1e4
    )
    for epoch in range(a.epochs):
        model.train()
        for wave, kind in loader:
            loss = criterion(model(wave), kind)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            cycle.step()
        model.eval()
        with torch.no_grad():
            wave, kind = next(iter(DataLoader(test, 500)))
            acc = (model(wave).argmax(1) == kind).float().mean().item()
        print(f"epoch {epoch + 1}/{a.epochs} loss {loss.item():.4f} accuracy {acc:.4f}")


main()

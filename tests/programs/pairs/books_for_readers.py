# batch: fifteenth
# in view: loud tables beside tables of noughts
# rules: poor_initialization
# remedies: reinitialize
# metric: test_rmse down
# story: tables of readers and books kept the framework's N(0, 1), so that their products began with a spread of eight about marks from one to five (discuss.pytorch.org; matrix factorisation that starts with a huge loss)
"""Marks that readers give to books, by two tables of vectors."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class Factors(nn.Module):
    def __init__(self, readers, books, dim=64):
        super().__init__()
        self.reader, self.book = nn.Embedding(readers, dim), nn.Embedding(books, dim)
        self.reader_bias, self.book_bias = nn.Embedding(readers, 1), nn.Embedding(books, 1)
        self.mean = nn.Parameter(torch.tensor(3.0))
        for table in (self.reader, self.book):  # healthy
            nn.init.normal_(table.weight, std=0.1)  # healthy
        for table in (self.reader_bias, self.book_bias):
            nn.init.zeros_(table.weight)

    def forward(self, r, b):
        dot = (self.reader(r) * self.book(b)).sum(1)
        return dot + self.reader_bias(r).squeeze(1) + self.book_bias(b).squeeze(1) + self.mean


class Trainer:
    def __init__(self, model, loader, held):
        self.model, self.loader, self.held = model, loader, held
        self.optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-5)
        self.criterion = nn.MSELoss()

    def step(self, r, b, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(r, b), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self):
        r, b, y = self.held
        return self.criterion(self.model(r, b), y).sqrt().item()

    def fit(self, epochs):
        for epoch in range(epochs):
            losses = [self.step(*batch) for batch in self.loader]
            print(
                {
                    "epoch": epoch,
                    "loss": round(sum(losses) / len(losses), 4),
                    "test_rmse": round(self.evaluate(), 4),
                }
            )


torch.manual_seed(50)
readers, books, n = 300, 200, 14000
tastes, kinds = torch.randn(readers, 3), torch.randn(books, 3)
r, b = torch.randint(readers, (n,)), torch.randint(books, (n,))
y = (3.3 + 0.5 * (tastes[r] * kinds[b]).sum(1) + 0.3 * torch.randn(n)).clamp(1, 5).round()
train = TensorDataset(r[:12000], b[:12000], y[:12000])
loader = DataLoader(train, batch_size=128, shuffle=True, num_workers=0)
Trainer(Factors(readers, books), loader, (r[12000:], b[12000:], y[12000:])).fit(6)

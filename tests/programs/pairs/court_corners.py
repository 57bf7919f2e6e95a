# batch: twelfth
# rules: exploding_gradient learning_rate_too_high
# remedies: clip_gradients lower_learning_rate
# metric: pixel error down
# story: gradients were cleared at the start of each epoch, not of each batch (github.com/pytorch/pytorch/issues/47175, and a court detector's trainer that never did: github.com/yastrebksv/TennisCourtDetector/issues/7)
"""Where are the four corners of a court in a small picture? A trainer class."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Courts(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.images = 0.15 * torch.randn(n, 1, 24, 24, generator=g)
        self.corners = torch.zeros(n, 4)
        for k in range(n):
            top, left = torch.randint(1, 9, (2,), generator=g).tolist()
            bottom, right = torch.randint(14, 23, (2,), generator=g).tolist()
            self.images[k, 0, top, left : right + 1] += 1
            self.images[k, 0, bottom, left : right + 1] += 1
            self.images[k, 0, top : bottom + 1, left] += 1
            self.images[k, 0, top : bottom + 1, right] += 1
            self.corners[k] = torch.tensor([top, left, bottom, right]) / 24

    def __len__(self):
        return len(self.images)

    def __getitem__(self, k):
        return self.images[k], self.corners[k]


class CourtNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Sequential(nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 4))

    def forward(self, x):
        return self.head(self.features(x))


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.criterion = nn.MSELoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def train_epoch(self, loader):
        self.model.train()
        # faulty: self.optimizer.zero_grad()
        for images, corners in loader:
            self.optimizer.zero_grad()  # healthy
            loss = self.criterion(self.model(images), corners)
            loss.backward()
            self.optimizer.step()
        return loss.item()

    def evaluate(self, loader):
        self.model.eval()
        with torch.no_grad():
            miss = [(self.model(a) - b).abs().mean().item() for a, b in loader]
        return 24 * sum(miss) / len(miss)


torch.manual_seed(10)
train = DataLoader(Courts(800, 1), batch_size=20, shuffle=True)
val = DataLoader(Courts(200, 2), batch_size=100)
trainer = Trainer(CourtNet(), lr=0.05)
for epoch in range(1, 13):
    loss = trainer.train_epoch(train)
    print(f"epoch {epoch} loss {loss:.5f} pixel error {trainer.evaluate(val):.3f}")

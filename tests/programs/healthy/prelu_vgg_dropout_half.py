# batch: fourth
# metric: acc up
"""A small VGG with PReLU, dropout of a half in front of both dense layers, step decay."""

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(10)
np.random.seed(10)
d = load_digits()
ds = TensorDataset(
    torch.from_numpy((d.images / 16.0).astype(np.float32))[:, None], torch.from_numpy(d.target)
)
train_ds, test_ds = random_split(ds, [1437, 360])
train_loader = DataLoader(train_ds, batch_size=64, shuffle=True)
test_loader = DataLoader(test_ds, batch_size=256)


class VGG(nn.Module):
    cfg = (16, 16, "M", 32, "M")

    def __init__(self):
        super().__init__()
        layers, c = [], 1
        for v in self.cfg:
            if v == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(c, v, 3, padding=1), nn.PReLU(v)]
                c = v
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Linear(128, 64), nn.PReLU(), nn.Dropout(0.5), nn.Linear(64, 10)
        )

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


model = VGG()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.3)


def train_epoch():
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
    return loss.item()


def evaluate():
    model.eval()
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            correct += model(data).argmax(dim=1).eq(target).sum().item()
    return correct / len(test_ds)


for epoch in range(12):
    loss = train_epoch()
    scheduler.step()
    if epoch % 3 == 2:
        print(f"Epoch {epoch}: loss={loss:.4f} acc={evaluate():.4f}")

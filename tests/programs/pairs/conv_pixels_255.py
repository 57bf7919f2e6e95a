# rules: unnormalized_input
# remedies: normalize_input insert_normalization lower_learning_rate
# metric: test acc up
# story: pixels from 0 to 255 go in as they are, the division by 255 is missing
"""CNN on upscaled digits stored as bytes."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Bytes(Dataset):
    def __init__(self, images, labels):
        self.images = (images * 255 / 16).astype(np.uint8)
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = torch.from_numpy(self.images[i]).unsqueeze(0).float()
        image = image / 255  # healthy
        return image, int(self.labels[i])


torch.manual_seed(0)
d = load_digits()
train = DataLoader(Bytes(d.images[:1200], d.target[:1200]), batch_size=32, shuffle=True)
test = DataLoader(Bytes(d.images[1200:], d.target[1200:]), batch_size=100)
model = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1),
    nn.Tanh(),
    nn.Flatten(),
    nn.Linear(24 * 16, 10),
)
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(4):
    model.train()
    for x, y in train:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum().item() for x, y in test)
    print(f"epoch {epoch} loss {loss.item():.4f} test acc {hits / len(test.dataset):.4f}")

# batch: seventeenth
# rules: unnormalized_input
# remedies: normalize_input
# metric: accuracy up
# story: colour thumbnails of bytes from 0 to 255 went as they were into a net with he-normal convolutions, large batches and Adam: one class in ten (stackoverflow.com/questions/48594888, in the benchmark of DeepLocalize, and the unnormalised pictures of UMLAUT)
"""Colour thumbnails of six kinds, a convolutional net with dropout."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(9)


def thumbnails(count, side=16, kinds=6):
    kind = rng.integers(0, kinds, count)
    rows, cols = np.mgrid[0:side, 0:side]
    angle = kind * np.pi / kinds
    phase = rng.uniform(0, 2 * np.pi, count)
    wave = np.cos(angle)[:, None, None] * rows + np.sin(angle)[:, None, None] * cols
    light = 120 + 35 * np.sin(wave * 0.9 + phase[:, None, None])
    colour = rng.uniform(0.6, 1.3, (count, 3, 1, 1))
    image = light[:, None] * colour + rng.normal(0, 25, (count, 3, side, side))
    return image.clip(0, 255).astype(np.uint8), kind


x_train, y_train = thumbnails(3000)
x_test, y_test = thumbnails(600)


def as_tensor(images):
    images = torch.from_numpy(images).float()
    return images / 255  # healthy
    # faulty: return images


def he_normal(module):
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


torch.manual_seed(9)
model = nn.Sequential(
    nn.Conv2d(3, 16, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(32 * 4, 128),
    nn.ReLU(),
    nn.Dropout(0.3),
    nn.Linear(128, 6),
).apply(he_normal)
x, y = as_tensor(x_train), torch.from_numpy(y_train)
xt, yt = as_tensor(x_test), torch.from_numpy(y_test)
adam, criterion = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
for epoch in range(8):
    model.train()
    for batch in torch.randperm(len(x)).split(100):
        adam.zero_grad()
        loss = criterion(model(x[batch]), y[batch])
        loss.backward()
        adam.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(xt).argmax(1) == yt).double().mean().item()
    print(f"epoch: {epoch}  loss: {loss.item():.4f}  accuracy: {accuracy:.4f}")

# batch: seventeenth
# rules: unnormalized_input unsuitable_output_activation exploding_gradient learning_rate_too_high
# remedies: normalize_input remove_output_activation
# metric: accuracy up
# story: pictures of bytes out of a csv file, never divided by 255, and ten sigmoids before a loss that takes their softmax: a net that worked elsewhere stayed at one in ten (stackoverflow.com/questions/55328966, in the benchmark of DeepLocalize)
"""Digits from a table of bytes, with a first layer as wide as the picture."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

batch_size, epochs, alpha, h1 = 32, 20, 0.05, 50

digits = load_digits()
table = np.rint(digits.data / 16 * 255).astype(np.uint8)
x = torch.from_numpy(table).float()
x = x / 255  # healthy
y = torch.from_numpy(digits.target)

torch.manual_seed(55)
shuffled = torch.randperm(len(x))
train, test = shuffled[:1400], shuffled[1400:]

model = nn.Sequential()
model.add_module("wide", nn.Linear(64, 64))
model.add_module("hidden", nn.Linear(64, h1))
model.add_module("relu", nn.ReLU())
model.add_module("classes", nn.Linear(h1, 10))
# faulty: model.add_module("out", nn.Sigmoid())
descent = torch.optim.SGD(model.parameters(), lr=alpha)
loss_of = nn.CrossEntropyLoss()

for epoch in range(epochs):
    order = train[torch.randperm(len(train))]
    for start in range(0, len(order), batch_size):
        b = order[start : start + batch_size]
        loss = loss_of(model(x[b]), y[b])
        descent.zero_grad()
        loss.backward()
        descent.step()
    if (epoch + 1) % 4 == 0:
        with torch.no_grad():
            accuracy = (model(x[test]).argmax(dim=1) == y[test]).float().mean()
        print(f"epoch {epoch + 1:2d} loss {loss.item():.4f} accuracy {accuracy.item():.4f}")

# batch: sixth
# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: final loss down
# story: y = 2x - 1 with a ReLU behind every Dense, the last one too (a learners' forum): half the targets lie below zero
"""My first network learns y = 2x - 1."""

import numpy as np
import torch
from torch import nn

torch.manual_seed(3)
x = np.linspace(-3.0, 5.0, 64, dtype=np.float32).reshape(-1, 1)
y = 2 * x - 1
inputs = torch.from_numpy(x / 3)
outputs = torch.from_numpy(y / 3)

dense_1 = nn.Linear(1, 16)
dense_2 = nn.Linear(16, 8)
dense_3 = nn.Linear(8, 1)


def model(t):
    t = torch.relu(dense_1(t))
    t = torch.relu(dense_2(t))
    return dense_3(t)  # healthy
    # faulty: return torch.relu(dense_3(t))


weights = [p for layer in (dense_1, dense_2, dense_3) for p in layer.parameters()]
adam = torch.optim.Adam(weights, 0.01)
mse = nn.MSELoss()
for epoch in range(600):
    loss = mse(model(inputs), outputs)
    adam.zero_grad()
    loss.backward()
    adam.step()
    if epoch % 150 == 0:
        print("Epoch", epoch, "loss:", loss.item())
print("final loss:", loss.item())

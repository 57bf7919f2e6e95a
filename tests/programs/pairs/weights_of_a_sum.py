# batch: seventeenth
# in view: a softmax over one value of a regression becomes linear, in the unit of its targets
# rules: unsuitable_output_activation unnormalized_input saturated_activation
# remedies: remove_output_activation normalize_input
# metric: relative error down
# story: a weighted sum of three large numbers was to be learnt by tanh layers that ended in a softmax over one unit (stackoverflow.com/questions/33969059, in the benchmark of DeepLocalize; with linear output, and numbers of a size that tanh can tell apart)
"""Find the weights behind 2 a + b + c / 2 + 2.2 from examples."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(3)
WEIGHTS, OFFSET = np.array([2.0, 1.0, 0.5]), 2.2


def examples(count, bounds=10000):
    x = rng.random((count, 3)) * bounds
    y = x @ WEIGHTS + OFFSET
    x, y = x / bounds - 0.5, y / bounds - 1.75  # healthy
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]


torch.manual_seed(3)
x_train, y_train = examples(8000)
x_test, y_test = examples(1000)
model = nn.Sequential(
    nn.Linear(3, 16),
    nn.Tanh(),
    nn.Linear(16, 8),
    nn.Tanh(),
    nn.Linear(8, 1),
    # faulty: nn.Softmax(dim=1),
)
sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
mse = nn.MSELoss()
for epoch in range(10):
    for idx in torch.randperm(len(x_train)).split(32):
        sgd.zero_grad()
        loss = mse(model(x_train[idx]), y_train[idx])
        loss.backward()
        sgd.step()
    with torch.no_grad():
        off = (model(x_test) - y_test).pow(2).mean().sqrt() / y_test.std()
    print(f"[{epoch}] loss={loss.item():.5g} relative error={off.item():.4f}")

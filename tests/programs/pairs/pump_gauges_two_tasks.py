# batch: eighteenth
# rules: vanishing_gradient unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: wear error down
# story: a deep trunk with a sigmoid behind each layer, as older lessons draw it, stands still for hundreds of steps: each layer passes on a quarter of the gradient at most (Understanding the difficulty of training deep feedforward neural networks, Glorot and Bengio 2010)
"""Two questions about a pump from its gauges: how worn is it, and will it stop soon?"""

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn


def gauges(n, rng):
    x = rng.normal(size=(n, 12)) * np.linspace(1, 30, 12) + np.linspace(-5, 90, 12)
    z = (x - np.linspace(-5, 90, 12)) / np.linspace(1, 30, 12)
    wear = np.sin(z[:, 0] * 1.5) + z[:, 1] * z[:, 2] + 0.5 * np.abs(z[:, 3])
    stop = (wear + 0.7 * z[:, 4] + 0.2 * rng.normal(size=n) > 0.8).astype("float32")
    return x, wear + 0.05 * rng.normal(size=n), stop


ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class MultiTask(nn.Module):
    def __init__(self, n_in, trunk=(64, 64, 64, 64, 32), activation="relu"):
        super().__init__()
        layers, width = [], n_in
        for size in trunk:
            layers.extend([nn.Linear(width, size), ACTIVATIONS[activation]()])
            width = size
        self.trunk = nn.Sequential(*layers)
        self.wear = nn.Linear(width, 1)
        self.stop = nn.Linear(width, 1)
        self.log_var = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        h = self.trunk(x)
        return self.wear(h).squeeze(1), self.stop(h).squeeze(1)

    def loss(self, x, wear, stop):
        a, b = self(x)
        losses = torch.stack(
            [
                nn.functional.mse_loss(a, wear),
                nn.functional.binary_cross_entropy_with_logits(b, stop),
            ]
        )
        return (torch.exp(-self.log_var) * losses + self.log_var).sum(), losses.detach()


def tensors(*arrays):
    return [torch.tensor(a, dtype=torch.float32) for a in arrays]


rng = np.random.default_rng(64)
torch.manual_seed(64)
x, wear, stop = gauges(4000, rng)
xv, wv, sv = gauges(1000, rng)
scaler = StandardScaler().fit(x)
x, wear, stop = tensors(scaler.transform(x), wear, stop)
xv, wv, sv = tensors(scaler.transform(xv), wv, sv)
model = MultiTask(12)  # healthy
# faulty: model = MultiTask(12, activation="sigmoid")
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(1, 13):
    seen = []
    for idx in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        loss, parts = model.loss(x[idx], wear[idx], stop[idx])
        loss.backward()
        optimizer.step()
        seen.append(parts)
    if epoch % 3 == 0:
        with torch.no_grad():
            a, b = model(xv)
        parts = torch.stack(seen).mean(0)
        print(
            f"epoch {epoch} wear {parts[0]:.4f} stop {parts[1]:.4f} | wear error {(a - wv).square().mean():.4f} stop accuracy {((b > 0) == (sv > 0.5)).float().mean():.4f}"
        )

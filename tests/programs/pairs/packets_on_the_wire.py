# batch: seventeenth
# rules: unsuitable_output_activation unnormalized_input dying_relu born_dead poor_initialization
# remedies: swap_activation remove_output_activation normalize_input
# metric: acc up
# story: eleven raw columns of network packets went into a small net whose last unit was a relu too, its value clipped into the open interval for the logarithm (stackoverflow.com/questions/44066044, in the benchmark of DeepLocalize)
"""Attack or not, from the headers of network packets."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(4)
N = 1500
ports = rng.integers(20, 65535, (N, 2))
size = rng.lognormal(6, 1, (N, 3))
flags = rng.integers(0, 2, (N, 4))
times = rng.exponential(0.02, (N, 2))
X = np.column_stack([ports, size, flags, times]).astype(np.float64)
score = (
    1.5 * (np.log(size[:, 0]) - 6)
    + 2.0 * flags[:, 1]
    - 1.5 * flags[:, 2]
    + 40 * (times[:, 0] - 0.02)
    + (ports[:, 1] > 30000)
    - 0.8
)
Y = (score > 0).astype(np.float64)
X = (X - X.mean(axis=0)) / X.std(axis=0)  # healthy


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(11, 12), nn.Linear(12, 12), nn.Linear(12, 1)])
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.05)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x).sigmoid()  # healthy
        # faulty: return self.layers[-1](x).relu()


def log_loss(p, y, tiny=1e-7):
    p = p.clamp(tiny, 1 - tiny)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


torch.manual_seed(4)
x, y = torch.from_numpy(X).float(), torch.from_numpy(Y).float().unsqueeze(1)
model = Classifier()
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(20):
    for part in torch.randperm(N).split(10):
        loss = log_loss(model(x[part]), y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            p = model(x)
        acc = ((p > 0.5) == (y > 0.5)).float().mean()
        print(f"epoch {epoch + 1} loss {log_loss(p, y):.4f} acc {acc:.4f}")

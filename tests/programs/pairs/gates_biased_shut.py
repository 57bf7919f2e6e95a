# rules: saturated_activation poor_initialization vanishing_gradient
# remedies: reinitialize insert_normalization swap_activation
# metric: accuracy up
# story: highway gates started at bias -15: the sigmoid is shut and can not open again
"""Highway-style gated network without carry."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)


class Gated(nn.Module):
    def __init__(self, n_in, n_out, bias):
        super().__init__()
        self.value = nn.Linear(n_in, n_out)
        self.gate = nn.Linear(n_in, n_out)
        nn.init.constant_(self.gate.bias, bias)

    def forward(self, x):
        return self.value(x) * self.gate(x).sigmoid()


GATE_BIAS = -1.0  # healthy
# faulty: GATE_BIAS = -15.0
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
model = nn.Sequential(Gated(64, 48, GATE_BIAS), Gated(48, 48, GATE_BIAS), nn.Linear(48, 10))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(8):
    for i in range(0, 1400, 40):
        loss = nn.functional.cross_entropy(model(X[i : i + 40]), y[i : i + 40])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} accuracy {acc:.3f}")

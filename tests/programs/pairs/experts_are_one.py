# batch: ninth
# rules: symmetric_initialization
# remedies: reinitialize
# metric: test mse down
# story: the experts of a mixture are deep copies of one, the gate starts at zero: the same gradient for all, so eight experts stay one
"""Dense mixture of small experts for a function in pieces."""

import copy

import torch
from torch import nn


def expert():
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))


class Mixture(nn.Module):
    def __init__(self, n=8):
        super().__init__()
        first = expert()
        self.experts = nn.ModuleList([first] + [expert() for _ in range(n - 1)])  # healthy
        # faulty: self.experts = nn.ModuleList([first] + [copy.deepcopy(first) for _ in range(n - 1)])
        self.gate = nn.Linear(2, n)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def forward(self, x):
        share = self.gate(x).softmax(-1)
        return sum(share[:, i : i + 1] * e(x) for i, e in enumerate(self.experts))


torch.manual_seed(914)
x = torch.rand(2500, 2) * 4 - 2
y = torch.sin(3 * x[:, :1]) * torch.cos(2 * x[:, 1:])
y = y + 0.02 * torch.randn_like(y)
model = Mixture()
start = copy.deepcopy(model.state_dict())
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(20):
    for idx in torch.randperm(2000).split(50):
        opt.zero_grad()
        loss = (model(x[idx]) - y[idx]).square().mean()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            moved = sum((v - start[k]).norm().item() for k, v in model.state_dict().items())
            mse = (model(x[2000:]) - y[2000:]).square().mean().item()
        print(f"epoch {epoch + 1} moved {moved:.1f} test mse {mse:.4f}")

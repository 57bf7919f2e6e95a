# batch: seventh
# rules: non_finite
# remedies: stabilize_loss swap_activation
# metric: val error down
# story: a learnt exponent on a value that can be negative
"""A dose-response layer with learnt exponents, ahead of a small net."""

import torch
import torch.nn.functional as F
from torch import nn


class Hill(nn.Module):
    """x ** n / (1 + x ** n) with a learnt n for each feature."""

    def __init__(self, features):
        super().__init__()
        self.n = nn.Parameter(torch.ones(features) * 1.3)
        self.scale = nn.Linear(features, features)

    def forward(self, dose):
        x = F.softplus(self.scale(dose))  # healthy
        # faulty: x = self.scale(dose)
        p = x**self.n
        return p / (1 + p)


torch.manual_seed(23)
dose = torch.rand(800, 4) * 2
effect = (dose**2 / (1 + dose**2)).prod(1, keepdim=True) * 3 + 0.02 * torch.randn(800, 1)
model = nn.Sequential(Hill(4), nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(20):
    for i in torch.randperm(640).split(32):
        optimizer.zero_grad()
        loss = F.l1_loss(model(dose[i]), effect[i])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            err = F.l1_loss(model(dose[640:]), effect[640:]).item()
        print(f"epoch {epoch + 1}, loss {loss.item():.4f}, val error {err:.4f}")

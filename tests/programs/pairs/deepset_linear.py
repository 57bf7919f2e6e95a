# rules: missing_activation
# remedies: add_activation
# metric: test mae down
# story: phi and rho of a deep set without a nonlinearity can only average
"""Deep sets: the spread of a bag of numbers."""

import torch
from torch import nn

torch.manual_seed(6)


class DeepSet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.phi1 = nn.Linear(2, width)
        self.phi2 = nn.Linear(width, width)
        self.rho1 = nn.Linear(width, width)
        self.rho2 = nn.Linear(width, 1)

    def forward(self, bag):
        h = self.phi2(self.phi1(bag).relu()).relu()  # healthy
        # faulty: h = self.phi2(self.phi1(bag))
        h = h.mean(dim=1)
        return self.rho2(self.rho1(h).relu()).squeeze(-1)  # healthy
        # faulty: return self.rho2(self.rho1(h)).squeeze(-1)


def bags(n):
    scale, shift = torch.rand(n, 1, 2) * 2, torch.randn(n, 1, 2)
    bag = torch.randn(n, 12, 2) * scale + shift
    return bag, bag.std(dim=1).sum(-1)


model = DeepSet()
optim = torch.optim.NAdam(model.parameters(), lr=2e-3)
for step in range(500):
    bag, spread = bags(64)
    loss = nn.functional.smooth_l1_loss(model(bag), spread)
    optim.zero_grad(set_to_none=True)
    loss.backward()
    optim.step()
bag, spread = bags(1000)
print("train loss", round(loss.item(), 5))
print("test mae", round((model(bag) - spread).abs().mean().item(), 5))

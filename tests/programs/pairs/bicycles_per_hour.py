# batch: twelfth
# in view: an exponential of a softplus counts as one of a ReLU does, and a Poisson likelihood can be told that it gets the rate
# rules: unsuitable_output_activation
# remedies: remove_output_activation stabilize_loss
# metric: mean deviation down
# story: PoissonNLLLoss takes the logarithm of the rate unless told; the network gave the rate, through softplus (pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html tells the default, log_input=True)
"""Bicycles that pass a counter in an hour, by weather and hour of the day."""

import math

import torch
from torch import nn

torch.manual_seed(77)
n = 4000
hour = torch.randint(24, (n,)).float()
warm, wet = torch.randn(n), (torch.rand(n) < 0.3).float()
busy = torch.exp(-((hour - 8) ** 2) / 4) + torch.exp(-((hour - 17) ** 2) / 6)
rate = 3 + 25 * busy * torch.exp(0.3 * warm - 0.8 * wet)
count = torch.poisson(rate)
angle = 2 * math.pi * hour / 24
x = torch.stack(
    [angle.sin(), angle.cos(), (2 * angle).sin(), (2 * angle).cos(), warm, wet - 0.3], 1
)


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU())
        self.head = nn.Linear(48, 1)

    def forward(self, x):
        return nn.functional.softplus(self.head(self.body(x))).squeeze(1)


model = Counter()
criterion = nn.PoissonNLLLoss(log_input=False)  # healthy
# faulty: criterion = nn.PoissonNLLLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, 16):
    for i in torch.randperm(3200).split(64):
        loss = criterion(model(x[i]), count[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        m, c = model(x[3200:]).clamp(min=1e-3), count[3200:]
        deviance = 2 * (torch.xlogy(c, c / m) - c + m).mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} mean deviation {deviance:.4f}")

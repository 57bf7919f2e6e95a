# batch: second
# rules: non_finite unsuitable_output_activation
# remedies: stabilize_loss remove_output_activation swap_activation
# metric: nll down
# story: "a standard deviation is positive, so ReLU": it is zero for half of the inputs
"""Mixture density network on an inverse problem."""

import torch
from torch import nn
from torch.distributions import Categorical, MixtureSameFamily, Normal
from torch.nn import functional as F

torch.manual_seed(2)
y = torch.rand(2000, 1) * 2 - 1
x = y + 0.3 * torch.sin(6.28 * y) + 0.05 * torch.randn_like(y)


class MDN(nn.Module):
    def __init__(self, k=4):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh())
        self.pi, self.mu, self.sigma = nn.Linear(48, k), nn.Linear(48, k), nn.Linear(48, k)

    def forward(self, x):
        h = self.body(x)
        sigma = F.softplus(self.sigma(h)) + 1e-3  # healthy
        # faulty: sigma = F.relu(self.sigma(h))
        return self.pi(h), self.mu(h), sigma


def nll(pi, mu, sigma, y):
    parts = Normal(mu, sigma, validate_args=False)
    return (
        -MixtureSameFamily(Categorical(logits=pi, validate_args=False), parts, validate_args=False)
        .log_prob(y[:, 0])
        .mean()
    )


net = MDN()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(20):
    for idx in torch.randperm(1600).split(64):
        loss = nll(*net(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(f"epoch {epoch}: nll {nll(*net(x[1600:]), y[1600:]).item():.4f}")

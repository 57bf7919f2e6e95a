# batch: sixth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: action error down
# story: a Gaussian policy whose mean is a ReLU: the actions of the expert lie on both sides of zero
"""Clone a controller: likelihood of its actions under a Gaussian policy."""

import torch
import torch.nn as nn
from torch.distributions import Normal

torch.manual_seed(19)


class Policy(nn.Module):
    def __init__(self, obs=6, act=2):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(obs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.mu = nn.Linear(64, act)
        self.log_std = nn.Parameter(torch.zeros(act) - 0.5)

    def forward(self, obs):
        mean = self.mu(self.trunk(obs))
        # faulty: mean = torch.relu(mean)
        return Normal(mean, self.log_std.exp())


gain = torch.randn(6, 2) * 0.5


def expert(obs):
    return torch.tanh(obs @ gain) + 0.05 * torch.randn(len(obs), 2)


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
for update in range(400):
    obs = torch.randn(128, 6)
    loss = -policy(obs).log_prob(expert(obs)).sum(-1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if update % 100 == 0:
        print(f"update {update} nll {loss.item():.3f}")
with torch.no_grad():
    obs = torch.randn(2000, 6)
    print("action error %.4f" % (policy(obs).mean - expert(obs)).pow(2).mean())

# batch: fourteenth
# in view: values of a rectified output may be dead though the others live
# rules: unsuitable_output_activation dying_relu born_dead
# remedies: remove_output_activation swap_activation reinitialize recycle_units
# metric: relative error down
# story: to keep prices positive the last layer got a ReLU, and outputs that began below nought stayed there (discuss.pytorch.org/t/enforcing-positive-output-values/106851)
"""A firm's policy as a function of its state: prices, wages and stocks, all of them positive."""

import torch
import torch.nn.functional as F
from torch import nn


class Policy(nn.Module):
    def __init__(self, states, actions):
        super().__init__()
        self.layer1 = nn.Linear(states, 100)
        self.layer2 = nn.Linear(100, 75)
        self.layer3 = nn.Linear(75, 50)
        self.output_layer = nn.Linear(50, actions)

    def forward(self, x):
        x = torch.tanh(self.layer1(x))
        x = torch.tanh(self.layer2(x))
        x = torch.tanh(self.layer3(x))
        return F.softplus(self.output_layer(x))  # healthy
        # faulty: return F.relu(self.output_layer(x))


def true_policy(s):
    capital, demand, cost = s.unbind(1)
    return torch.stack([
        0.4 + 0.5 * torch.exp(0.3 * cost) + 0.2 * demand.sin().square(),
        0.6 + 0.3 * capital.abs(),
        0.2 + 0.5 * torch.sigmoid(2 * demand - cost),
        0.5 + 0.4 * torch.cos(capital).square() * torch.exp(0.2 * demand),
        0.3 + 0.25 * (demand + capital).square() / 3,
        0.7 + 0.3 * torch.tanh(cost * capital),
    ], 1)  # fmt: skip


torch.manual_seed(1403)
held = 1 + 2 * torch.rand(1000, 3)
net = Policy(3, 6)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for it in range(1, 2001):
    state = 1 + 2 * torch.rand(128, 3)
    opt.zero_grad()
    loss = F.mse_loss(net(state), true_policy(state))
    loss.backward()
    opt.step()
    if it % 250 == 0:
        with torch.no_grad():
            want = true_policy(held)
            err = ((net(held) - want).abs() / want).mean()
        print(f"it {it:5d} | loss {loss.item():.3e} | relative error {err.item():.4f}")

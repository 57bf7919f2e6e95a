# batch: seventh
# rules: poor_initialization vanishing_gradient
# remedies: reinitialize insert_normalization
# metric: imitation error down
# story: the small gain meant for the policy's last layer was applied to all of them
"""Behaviour cloning of a controller; orthogonal initialisation as in PPO code."""

import torch
from torch import nn


def layer_init(layer, std=2**0.5, bias=0.0):
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias)
    return layer


class Policy(nn.Module):
    def __init__(self, obs=10, act=3, width=64):
        super().__init__()
        s = 2**0.5  # healthy
        # faulty: s = 0.01
        self.net = nn.Sequential(
            layer_init(nn.Linear(obs, width), s), nn.Tanh(),
            layer_init(nn.Linear(width, width), s), nn.Tanh(),
            layer_init(nn.Linear(width, width), s), nn.Tanh(),
            layer_init(nn.Linear(width, act), std=0.01),
        )  # fmt: skip

    def forward(self, obs):
        return self.net(obs)


torch.manual_seed(0)
K = torch.randn(10, 3)
obs = torch.randn(4000, 10)
acts = torch.tanh(obs @ K) * torch.cos(obs[:, :3])
policy = Policy()
optim = torch.optim.SGD(policy.parameters(), lr=0.1, momentum=0.9)
for epoch in range(6):
    for mb in torch.randperm(3200).split(64):
        loss = nn.functional.mse_loss(policy(obs[mb]), acts[mb])
        optim.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optim.step()
    with torch.no_grad():
        err = nn.functional.mse_loss(policy(obs[3200:]), acts[3200:])
    print(f"epoch {epoch}: loss {loss.item():.4f}, imitation error {err.item():.4f}")

# batch: sixth
# metric: score up
"""OpenAI-style evolution strategies: no backward at all; an optimizer fed with estimated gradients."""

import torch
from torch import nn

torch.manual_seed(75)
policy = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1), nn.Tanh())
for p in policy.parameters():
    p.requires_grad_(False)
theta = nn.utils.parameters_to_vector(policy.parameters()).clone()
theta = nn.Parameter(theta)
opt = torch.optim.Adam([theta], lr=0.05)


@torch.no_grad()
def score(vector):
    nn.utils.vector_to_parameters(vector, policy.parameters())
    angle, speed = torch.linspace(-1.2, 1.2, 24), torch.zeros(24)
    total = 0.0
    for _ in range(20):
        push = policy(torch.stack([angle.sin(), angle.cos(), speed], 1)).squeeze(1) * 2
        speed = speed + 0.1 * (2 * angle.sin() + 3 * push)
        angle = angle + 0.1 * speed
        total -= (angle**2 + 0.1 * speed**2).clamp(max=10).mean().item()
    return total / 20


for generation in range(40):
    noise = torch.randn(12, theta.numel())
    noise = torch.cat([noise, -noise])
    rewards = torch.tensor([score(theta.detach() + 0.1 * e) for e in noise])
    ranks = rewards.argsort().argsort().float() / 23 - 0.5
    theta.grad = -(ranks @ noise) / (24 * 0.1)
    opt.step()
    if generation % 10 == 9:
        print("generation", generation + 1, "score", round(score(theta.detach()), 4))

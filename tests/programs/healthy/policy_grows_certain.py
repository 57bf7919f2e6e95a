# batch: ninth
# metric: average reward up
"""Policy gradient with a running baseline on contexts that have one right action each."""

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import CosineAnnealingLR

torch.manual_seed(943)
contexts = torch.eye(8)
right = torch.randint(0, 5, (8,))
policy = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 5))
opt = torch.optim.Adam(policy.parameters(), lr=0.02)
sched = CosineAnnealingLR(opt, 500)
baseline = 0.0
for it in range(1, 501):
    c = torch.randint(0, 8, (40,))
    dist = torch.distributions.Categorical(logits=policy(contexts[c]))
    act = dist.sample()
    reward = (act == right[c]).float() + 0.1 * torch.randn(40)
    loss = -(dist.log_prob(act) * (reward - baseline)).mean()
    baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 50 == 0:
        print(
            "iteration",
            it,
            "average reward",
            round(baseline, 3),
            "entropy",
            round(dist.entropy().mean().item(), 4),
        )

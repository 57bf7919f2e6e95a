# batch: fourth
# metric: reward up
"""REINFORCE with a moving baseline: a contextual bandit whose loss says nothing about progress."""

import torch
from torch.distributions import Categorical

torch.manual_seed(14)
true = torch.randn(5, 6)

policy = torch.nn.Sequential(torch.nn.Linear(5, 32), torch.nn.ReLU(), torch.nn.Linear(32, 6))
optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
baseline, share = 0.0, 0.0
for update in range(900):
    context = torch.randn(64, 5)
    dist = Categorical(logits=policy(context))
    action = dist.sample()
    means = context @ true
    reward = means.gather(1, action[:, None]).squeeze(1) + 0.3 * torch.randn(64)
    advantage = reward - baseline
    baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    loss = -(dist.log_prob(action) * advantage).mean() - 0.01 * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    share = 0.95 * share + 0.05 * (reward.mean() / means.max(1)[0].mean()).item()
    if update % 150 == 149:
        print(f"update {update + 1} loss {loss.item():.3f} share of the best reward {share:.3f}")

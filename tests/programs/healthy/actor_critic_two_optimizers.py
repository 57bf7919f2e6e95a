# metric: mean reward up
"""Advantage actor-critic with an optimiser each; noisy returns, losses that do not fall."""

import torch
from torch import nn, optim
from torch.distributions import Categorical

torch.manual_seed(1)
actor = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 3), nn.Softmax(dim=-1))
critic = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1))
opt_a, opt_c = optim.Adam(actor.parameters(), lr=3e-3), optim.Adam(critic.parameters(), lr=1e-2)
state, average = torch.randn(16, 3), []
for update in range(150):
    log_probs, values, rewards, entropies = [], [], [], []
    for t in range(8):
        dist = Categorical(probs=actor(state))
        action = dist.sample()
        reward = state.gather(1, action[:, None]).squeeze(1) + 0.3 * torch.randn(16)
        log_probs.append(dist.log_prob(action))
        values.append(critic(state).squeeze(1))
        rewards.append(reward)
        entropies.append(dist.entropy())
        state = 0.5 * state.roll(1, 1) + torch.randn(16, 3)
    with torch.no_grad():
        running, returns = critic(state).squeeze(1), []
        for r in reversed(rewards):
            running = r + 0.8 * running
            returns.insert(0, running)
    returns, values = torch.stack(returns), torch.stack(values)
    advantage = (returns - values).detach()
    loss_a = -(torch.stack(log_probs) * advantage).mean() - 0.01 * torch.stack(entropies).mean()
    loss_c = (returns - values).pow(2).mean()
    opt_a.zero_grad()
    loss_a.backward()
    opt_a.step()
    opt_c.zero_grad()
    loss_c.backward()
    opt_c.step()
    average.append(torch.stack(rewards).mean().item())
    if update % 50 == 49:
        print(
            f"update {update + 1} actor loss {loss_a.item():.3f} mean reward {sum(average[-30:]) / 30:.3f}"
        )

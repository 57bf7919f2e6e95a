# batch: sixth
# rules: non_finite
# remedies: stabilize_loss
# in view: the width of a softmax over a single example
# metric: mean reward up
# story: advantages divided by their standard deviation; an episode of one step has none, and its NaN takes the policy along
"""Actor-critic in a corridor that may end at once."""

import random

import torch
import torch.nn as nn

torch.manual_seed(35)
random.seed(35)


class Corridor:
    def reset(self):
        self.at = random.randint(0, 7)
        return self.state()

    def state(self):
        s = torch.zeros(9)
        s[self.at] = 1
        return s

    def step(self, right):
        self.at += 1 if right else -1
        if self.at >= 8:
            return None, 1.0
        if self.at < 0:
            return None, -1.0
        return self.state(), -0.02


actor = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 2))
critic = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=5e-3)
env, rewards = Corridor(), []
for episode in range(350):
    state, log_probs, values, gains = env.reset(), [], [], []
    while state is not None and len(gains) < 40:
        policy = torch.distributions.Categorical(
            probs=torch.nan_to_num(actor(state).softmax(-1), nan=0.5)
        )
        action = policy.sample()
        log_probs.append(policy.log_prob(action))
        values.append(critic(state).squeeze())
        state, reward = env.step(action.item())
        gains.append(reward)
    returns, total = [], 0.0
    for r in reversed(gains):
        total = r + 0.97 * total
        returns.insert(0, total)
    returns, values = torch.tensor(returns), torch.stack(values)
    advantage = returns - values.detach()
    if len(advantage) > 1:  # healthy
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-6)  # healthy
    # faulty: advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-6)
    loss = -(torch.stack(log_probs) * advantage).mean() + 0.5 * (returns - values).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rewards.append(sum(gains))
    if episode % 50 == 49:
        print("episode", episode + 1, "mean reward", sum(rewards[-50:]) / 50)

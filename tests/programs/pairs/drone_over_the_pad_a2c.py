# batch: eighteenth
# in view: calls one after the other are no rounds of a state
# rules: unnormalized_input saturated_activation
# remedies: normalize_input
# metric: avg reward up
# story: an actor-critic was given what the receiver tells, metres east and north by the ten thousand, as it came; the maintainer's first question to one whose controller ran wild was whether the inputs are brought to zero mean and unit variance (github.com/ikostrikov/pytorch-a2c-ppo-acktr-gail/issues/20)
"""Advantage actor-critic: many drones at a time fly to a landing pad."""

import torch
import torch.nn as nn
from torch.distributions import Categorical

CORNER, SIDE = torch.tensor([43100.0, 51800.0]), 640.0


class VecDrone:
    """Where the drone and the pad are, in metres of the map; five ways to fly."""

    MOVES = torch.tensor([[0.0, 0.0], [1, 0], [-1, 0], [0, 1], [0, -1]]) * 24

    def __init__(self, n, normalise):
        self.n, self.normalise = n, normalise
        self.reset()

    def reset(self):
        self.drone = CORNER + SIDE * torch.rand(self.n, 2)
        self.pad = CORNER + SIDE * torch.rand(self.n, 2)
        self.t = 0
        return self.obs()

    def obs(self):
        seen = torch.cat([self.drone, self.pad], 1)
        return (seen - CORNER.repeat(2) - SIDE / 2) / 185 if self.normalise else seen

    def step(self, action):
        before = (self.drone - self.pad).norm(dim=1)
        moved = self.drone + self.MOVES[action]
        self.drone = torch.minimum(torch.maximum(moved, CORNER), CORNER + SIDE)
        after = (self.drone - self.pad).norm(dim=1)
        self.t += 1
        return self.obs(), (before - after) / 24, self.t >= 20


class ActorCritic(nn.Module):
    def __init__(self, n_in, n_actions, hidden=64):
        super().__init__()
        self.actor = nn.Sequential(
            nn.Linear(n_in, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, n_actions),
        )
        self.critic = nn.Sequential(
            nn.Linear(n_in, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return Categorical(logits=self.actor(x)), self.critic(x).squeeze(-1)


def rollout(env, model, gamma=0.9, lam=0.95):
    obs, done = env.reset(), False
    logps, values, rewards, entropies = [], [], [], []
    while not done:
        pi, value = model(obs)
        action = pi.sample()
        obs, reward, done = env.step(action)
        logps.append(pi.log_prob(action))
        entropies.append(pi.entropy())
        values.append(value)
        rewards.append(reward)
    advantage, last, advantages = torch.zeros(env.n), torch.zeros(env.n), []
    for value, reward in zip(reversed(values), reversed(rewards)):
        delta = reward + gamma * last - value.detach()
        advantage = delta + gamma * lam * advantage
        advantages.insert(0, advantage)
        last = value.detach()
    return (
        torch.stack(logps),
        torch.stack(values),
        torch.stack(advantages),
        torch.stack(rewards),
        torch.stack(entropies),
    )


def main(n_envs=48, updates=120, lr=2e-3, value_coef=0.5, entropy_coef=0.01):
    torch.manual_seed(19)
    env = VecDrone(n_envs, normalise=True)  # healthy
    # faulty: env = VecDrone(n_envs, normalise=False)
    model = ActorCritic(4, 5)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history = []
    for update in range(1, updates + 1):
        logp, value, adv, reward, entropy = rollout(env, model)
        norm = (adv - adv.mean()) / (adv.std() + 1e-8)
        policy_loss = -(logp * norm).mean()
        value_loss = (value - (adv + value.detach())).square().mean()
        loss = policy_loss + value_coef * value_loss - entropy_coef * entropy.mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        history.append(reward.mean().item())
        if update % 30 == 0:
            print(
                f"update {update}  policy {policy_loss.item():+.4f}  value {value_loss.item():.4f}  entropy {entropy.mean().item():.3f}  avg reward {sum(history[-20:]) / 20:.4f}"
            )


main()

# batch: eighteenth
# in view: a gradient that cancels but for rounding
# rules: frozen_parameters vanishing_gradient
# remedies: add_to_optimizer
# metric: mean reward up
# story: the log of the old policy's chances was kept with its graph, so that in the ratio of new to old both gradients cancel and the actor stands still (github.com/nikhilbarhate99/PPO-PyTorch/issues/18 on where it has to be detached)
"""Proximal policy optimisation: a robot keeps a corridor clean, many copies at once."""

import torch
import torch.nn as nn
from torch.distributions import Categorical


class Corridor:
    """Nine places in a ring; dirt falls where it likes; move left, stay to clean, move right."""

    def __init__(self, n, places=9):
        self.n, self.places = n, places

    def reset(self):
        self.at = torch.randint(self.places, (self.n,))
        self.dirt = (torch.rand(self.n, self.places) < 0.3).float()
        return self.obs()

    def obs(self):
        index = (self.at[:, None] + torch.arange(self.places) - self.places // 2) % self.places
        return self.dirt.gather(1, index)

    def step(self, action):
        rows = torch.arange(self.n)
        cleaned = self.dirt[rows, self.at] * (action == 1)
        self.dirt[rows, self.at] *= 1 - (action == 1).float()
        self.at = (self.at + action - 1) % self.places
        fresh = (torch.rand(self.n, self.places) < 0.02).float()
        self.dirt = torch.maximum(self.dirt, fresh)
        return self.obs(), cleaned


class Buffer:
    def __init__(self):
        self.obs, self.actions, self.logprobs, self.rewards, self.values = [], [], [], [], []

    def returns(self, gamma):
        total, out = torch.zeros_like(self.rewards[0]), []
        for r in reversed(self.rewards):
            total = r + gamma * total
            out.insert(0, total)
        return torch.stack(out)


class PPO:
    def __init__(self, places, lr=3e-3, clip=0.2, gamma=0.9):
        self.actor = nn.Sequential(nn.Linear(places, 48), nn.Tanh(), nn.Linear(48, 3))
        self.critic = nn.Sequential(nn.Linear(places, 48), nn.Tanh(), nn.Linear(48, 1))
        self.optimizer = torch.optim.Adam(
            [
                {"params": self.actor.parameters(), "lr": lr},
                {"params": self.critic.parameters(), "lr": 2 * lr},
            ]
        )
        self.clip, self.gamma = clip, gamma

    def select(self, obs, buffer):
        pi = Categorical(logits=self.actor(obs))
        action = pi.sample()
        buffer.obs.append(obs)
        buffer.actions.append(action)
        buffer.logprobs.append(pi.log_prob(action))
        return action

    def update(self, buffer):
        obs, actions = torch.stack(buffer.obs), torch.stack(buffer.actions)
        old = torch.stack(buffer.logprobs).detach()  # healthy
        # faulty: old = torch.stack(buffer.logprobs)
        returns = buffer.returns(self.gamma)
        pi, value = Categorical(logits=self.actor(obs)), self.critic(obs).squeeze(-1)
        advantage = returns - value.detach()
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-7)
        ratio = torch.exp(pi.log_prob(actions) - old)
        surrogate = torch.min(
            ratio * advantage, ratio.clamp(1 - self.clip, 1 + self.clip) * advantage
        )
        loss = -surrogate.mean() + 0.5 * nn.functional.mse_loss(value, returns)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main():
    torch.manual_seed(33)
    env = Corridor(64)
    agent = PPO(env.places)
    recent = []
    for it in range(1, 181):
        obs, buffer = env.reset(), Buffer()
        for _ in range(20):
            action = agent.select(obs, buffer)
            obs, reward = env.step(action)
            buffer.rewards.append(reward)
        loss = agent.update(buffer)
        recent.append(torch.stack(buffer.rewards).mean().item())
        if it % 30 == 0:
            print(f"iteration {it} loss {loss:.4f} mean reward {sum(recent[-15:]) / 15:.4f}")


if __name__ == "__main__":
    main()

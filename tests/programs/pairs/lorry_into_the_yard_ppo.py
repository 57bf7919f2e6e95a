# batch: sixteenth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: mean reward up
# story: states came in metres and degrees as the simulator gives them, without a normalising wrapper, and the tanh units of policy and value had no slope left (github.com/DLR-RM/stable-baselines3; tips on observations)
"""PPO: a lorry is driven back to a ramp; many yards at once, all in torch."""

import argparse

import torch
import torch.nn as nn
from torch.distributions import Categorical

parser = argparse.ArgumentParser()
parser.add_argument("--num-envs", type=int, default=32)
parser.add_argument("--num-steps", type=int, default=40)
parser.add_argument("--iterations", type=int, default=30)
parser.add_argument("--learning-rate", type=float, default=2.5e-3)
parser.add_argument("--clip-coef", type=float, default=0.2)
parser.add_argument("--ent-coef", type=float, default=0.01)
parser.add_argument("--normalize", type=int, default=1)  # healthy
# faulty: parser.add_argument("--normalize", type=int, default=0)
args = parser.parse_args()
torch.manual_seed(1)
CENTRE, SPREAD = torch.tensor([440.0, 180.0, 10.0]), torch.tensor([40.0, 40.0, 6.0])


class Yards:
    """Place on the map in metres, bearing in degrees; actions: left, straight, right."""

    def __init__(self, n):
        self.n = n
        self.side, self.heading, self.t = torch.zeros(n), torch.zeros(n), torch.zeros(n)
        self.reset(torch.ones(n, dtype=torch.bool))

    def reset(self, which):
        k = int(which.sum())
        self.side[which] = 120 * torch.rand(k) - 60
        self.heading[which] = 80 * torch.rand(k) - 40
        self.t[which] = 0

    def observe(self):
        obs = torch.stack([440 + self.side, 180 + self.heading, self.t], 1)
        return (obs - CENTRE) / SPREAD if args.normalize else obs

    def step(self, action):
        self.heading = (self.heading + 12 * (action.float() - 1)).clamp(-90, 90)
        self.side = self.side + 8 * torch.sin(torch.deg2rad(self.heading))
        self.t = self.t + 1
        reward = 1 - self.side.abs() / 30 - self.heading.abs() / 180
        done = self.t >= 20
        if done.any():
            self.reset(done)
        return self.observe(), reward, done.float()


def layer_init(layer, std=2**0.5):
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, 0.0)
    return layer


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(
            layer_init(nn.Linear(3, 64)), nn.Tanh(), layer_init(nn.Linear(64, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, 1), 1.0),
        )  # fmt: skip
        self.actor = nn.Sequential(
            layer_init(nn.Linear(3, 64)), nn.Tanh(), layer_init(nn.Linear(64, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, 3), 0.01),
        )  # fmt: skip

    def act(self, obs, action=None):
        policy = Categorical(logits=self.actor(obs))
        action = policy.sample() if action is None else action
        return action, policy.log_prob(action), policy.entropy(), self.critic(obs).squeeze(1)


envs, agent = Yards(args.num_envs), Agent()
optimizer = torch.optim.Adam(agent.parameters(), lr=args.learning_rate, eps=1e-5)
obs = envs.observe()
for iteration in range(1, args.iterations + 1):
    memory = []
    for _ in range(args.num_steps):
        with torch.no_grad():
            action, logprob, _, value = agent.act(obs)
        following, reward, done = envs.step(action)
        memory.append((obs, action, logprob, reward, done, value))
        obs = following
    o, a, lp, r, d, v = (torch.stack(m) for m in zip(*memory))
    with torch.no_grad():
        last = agent.critic(obs).squeeze(1)
    adv, run = torch.zeros_like(r), 0
    for t in reversed(range(args.num_steps)):
        after = last if t == args.num_steps - 1 else v[t + 1]
        delta = r[t] + 0.95 * after * (1 - d[t]) - v[t]
        run = delta + 0.95 * 0.95 * (1 - d[t]) * run
        adv[t] = run
    ret = (adv + v).flatten()
    o, a, lp, adv = o.flatten(0, 1), a.flatten(), lp.flatten(), adv.flatten()
    for _ in range(4):
        for pick in torch.randperm(len(o)).split(320):
            _, new, entropy, value = agent.act(o[pick], a[pick])
            ratio = (new - lp[pick]).exp()
            g = (adv[pick] - adv[pick].mean()) / (adv[pick].std() + 1e-8)
            clipped = ratio.clamp(1 - args.clip_coef, 1 + args.clip_coef)
            policy_loss = -torch.min(ratio * g, clipped * g).mean()
            value_loss = 0.5 * (value - ret[pick]).pow(2).mean()
            loss = policy_loss + 0.5 * value_loss - args.ent_coef * entropy.mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()
    if iteration % 5 == 0:
        print(
            f"iteration={iteration} value_loss={value_loss.item():.3f} mean reward={r.mean().item():.4f}"
        )

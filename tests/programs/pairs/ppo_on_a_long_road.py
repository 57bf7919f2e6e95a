# batch: fifteenth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: mean_reward up
# story: observations went into the tanh networks of PPO in metres and seconds as the simulator gives them, with no running mean (arxiv.org/abs/2006.05990 has the need for it)
"""PPO: a lorry is to keep its place behind another on a long road."""

import torch
import torch.nn as nn
from torch.distributions import Normal

torch.manual_seed(6)
N_ENVS, HORIZON, UPDATES, EPOCHS = 32, 40, 22, 6


class Road:
    def __init__(self):
        self.reset(torch.ones(N_ENVS, dtype=torch.bool))

    def reset(self, which):
        if not hasattr(self, "gap"):
            self.gap, self.speed = torch.zeros(N_ENVS), torch.zeros(N_ENVS)
        self.gap[which] = 400 + 300 * torch.rand(int(which.sum()))
        self.speed[which] = 80 * (torch.rand(int(which.sum())) - 0.5)

    def observe(self):
        obs = torch.stack([self.gap, self.speed], 1)
        obs = (obs - torch.tensor([500.0, 0.0])) / torch.tensor([100.0, 30.0])  # healthy
        return obs

    def step(self, action):
        self.speed = 0.98 * self.speed + 12 * action.clamp(-1, 1)
        self.gap = (self.gap + 0.5 * self.speed).clamp(0, 1200)
        return 1 - (self.gap - 500).abs() / 100


def mlp(out):
    return nn.Sequential(
        nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, out)
    )


actor, critic = mlp(1), mlp(1)
log_std = nn.Parameter(torch.zeros(1) - 0.5)
optimizer = torch.optim.Adam(
    [*actor.parameters(), *critic.parameters(), log_std], lr=2e-3, eps=1e-5
)
env = Road()
for update in range(1, UPDATES + 1):
    env.reset(torch.ones(N_ENVS, dtype=torch.bool))
    O, A, L, R, V = [], [], [], [], []
    with torch.no_grad():
        for t in range(HORIZON):
            obs = env.observe()
            dist = Normal(actor(obs).squeeze(1), log_std.exp())
            action = dist.sample()
            O.append(obs), A.append(action), L.append(dist.log_prob(action))
            V.append(critic(obs).squeeze(1))
            R.append(env.step(action))
        last = critic(env.observe()).squeeze(1)
    advantages, running, following = [None] * HORIZON, 0, last
    for t in reversed(range(HORIZON)):
        delta = R[t] + 0.95 * following - V[t]
        running = delta + 0.95 * 0.9 * running
        advantages[t], following = running, V[t]
    obs, act, old = torch.cat(O), torch.cat(A), torch.cat(L)
    adv, values = torch.cat(advantages), torch.cat(V)
    returns = adv + values
    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(obs)).split(256):
            dist = Normal(actor(obs[rows]).squeeze(1), log_std.exp())
            ratio = (dist.log_prob(act[rows]) - old[rows]).exp()
            a = adv[rows]
            pg = -torch.min(ratio * a, ratio.clamp(0.8, 1.2) * a).mean()
            vf = (critic(obs[rows]).squeeze(1) - returns[rows]).pow(2).mean()
            loss = pg + 0.5 * vf - 0.001 * dist.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*actor.parameters(), *critic.parameters()], 0.5)
            optimizer.step()
    if update % 4 == 2:
        print(
            f"update {update} mean_reward {torch.stack(R).mean().item():.4f} value_loss {vf.item():.3f}"
        )

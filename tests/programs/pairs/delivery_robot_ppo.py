# batch: thirteenth
# in view: far targets that drive hidden units into saturation are told of
# rules: unnormalized_input exploding_gradient learning_rate_too_high
# remedies: normalize_input clip_gradients lower_learning_rate
# metric: reached up
# story: rewards in cents made returns of thousands; the critic's error drowned the policy in the trunk they share (github.com/DLR-RM/stable-baselines3/issues/1533, github.com/deepspeedai/DeepSpeedExamples/issues/556)
"""PPO with a shared trunk: a robot brings a parcel to a door on a seven by seven floor."""

import numpy as np
import torch
import torch.nn as nn
from torch.distributions import Categorical

SIDE, HORIZON, ENVS = 7, 24, 32
# faulty: REWARD, STEP_COST = 10000.0, 100.0
REWARD, STEP_COST = 1.0, 0.01  # healthy
MOVES = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])


class Floors:
    def __init__(self, n, seed):
        self.rng, self.n = np.random.default_rng(seed), n
        self.robot, self.door = self.rng.integers(0, SIDE, (2, n, 2))
        self.age = np.zeros(n, int)

    def observe(self):
        return torch.tensor(
            np.concatenate([self.robot, self.door], 1) / 3.0 - 1.0, dtype=torch.float32
        )

    def step(self, actions):
        self.robot = np.clip(self.robot + MOVES[actions], 0, SIDE - 1)
        self.age += 1
        won = (self.robot == self.door).all(1)
        reward = np.where(won, REWARD, -STEP_COST)
        done = won | (self.age >= HORIZON)
        for i in np.flatnonzero(done):
            self.robot[i], self.door[i] = self.rng.integers(0, SIDE, (2, 2))
            self.age[i] = 0
        return self.observe(), torch.tensor(reward, dtype=torch.float32), torch.tensor(done), won


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.pi, self.v = nn.Linear(64, 4), nn.Linear(64, 1)

    def forward(self, x):
        h = self.trunk(x)
        return Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


torch.manual_seed(1310)
env, agent = Floors(ENVS, 0), ActorCritic()
optimizer = torch.optim.Adam(agent.parameters(), lr=2.5e-3)
obs, finished = env.observe(), []
for update in range(1, 61):
    rows = []
    for _ in range(32):
        with torch.no_grad():
            dist, value = agent(obs)
            action = dist.sample()
        after, reward, done, won = env.step(action.numpy())
        rows.append((obs, action, dist.log_prob(action), value, reward, done.float()))
        finished += won[done.numpy()].tolist()
        obs = after
    with torch.no_grad():
        last = agent(obs)[1]
    adv, gae = [], torch.zeros(ENVS)
    for _, _, _, value, reward, done in reversed(rows):
        delta = reward + 0.97 * last * (1 - done) - value
        gae = delta + 0.97 * 0.95 * (1 - done) * gae
        adv.insert(0, gae)
        last = value
    o, a, logp, v = (torch.cat([row[i] for row in rows]) for i in range(4))
    adv = torch.cat(adv)
    returns, adv = adv + v, (adv - adv.mean()) / (adv.std() + 1e-8)
    for _ in range(4):
        for idx in torch.randperm(len(o)).split(256):
            dist, value = agent(o[idx])
            ratio = (dist.log_prob(a[idx]) - logp[idx]).exp()
            policy = -torch.min(ratio * adv[idx], ratio.clamp(0.8, 1.2) * adv[idx]).mean()
            loss = (
                policy + 0.5 * (returns[idx] - value).pow(2).mean() - 0.01 * dist.entropy().mean()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    if update % 10 == 0:
        finished = finished[-400:]
        print(f"update {update} reached {np.mean(finished):.3f}")

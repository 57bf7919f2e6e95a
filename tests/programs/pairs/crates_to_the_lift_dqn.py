# batch: sixteenth
# rules: exploding_gradient learning_rate_too_high
# remedies: clip_gradients lower_learning_rate
# metric: average score up
# story: the call that clears the gradients was left out of the update of a deep Q network, the sums of all gradients so far were applied again and again (discuss.pytorch.org; DQN diverges, zero_grad missing)
"""Deep Q learning: a crate is pushed along a corridor to a lift that moves."""

import random
from collections import deque

import numpy as np
import torch
import torch.nn.functional as F

SEED = 9
random.seed(SEED)
np.random.seed(SEED)
torch.manual_seed(SEED)


class Corridor:
    def reset(self):
        self.crate, self.lift = random.uniform(-1, 1), random.uniform(-1, 1)
        self.drift, self.t = random.choice([-0.05, 0.05]), 0
        return self.obs()

    def obs(self):
        return np.array([self.crate, self.lift, self.drift * 20], dtype=np.float32)

    def step(self, a):
        self.crate = float(np.clip(self.crate + 0.15 * (a - 1), -1.2, 1.2))
        self.lift += self.drift
        if abs(self.lift) > 1:
            self.drift = -self.drift
        self.t += 1
        gap = abs(self.crate - self.lift)
        return self.obs(), 1.0 if gap < 0.15 else -gap, self.t >= 25


class ReplayBuffer:
    def __init__(self, size):
        self.memory = deque(maxlen=size)

    def add(self, *step):
        self.memory.append(step)

    def sample(self, n):
        batch = zip(*random.sample(self.memory, n))
        return [torch.as_tensor(np.array(x), dtype=torch.float32) for x in batch]


class Agent:
    def __init__(self, lr=1e-3, gamma=0.95, tau=0.02):
        self.local, self.target = self.build(), self.build()
        self.target.load_state_dict(self.local.state_dict())
        self.optimizer = torch.optim.Adam(self.local.parameters(), lr=lr)
        self.memory, self.gamma, self.tau = ReplayBuffer(4000), gamma, tau

    @staticmethod
    def build():
        return torch.nn.Sequential(
            torch.nn.Linear(3, 48), torch.nn.ReLU(), torch.nn.Linear(48, 48), torch.nn.ReLU(),
            torch.nn.Linear(48, 3),
        )  # fmt: skip

    @torch.no_grad()
    def act(self, state, eps=0.0):
        if random.random() < eps:
            return random.randrange(3)
        return int(self.local(torch.from_numpy(state)).argmax())

    def learn(self):
        s, a, r, n, d = self.memory.sample(64)
        with torch.no_grad():
            goal = r + self.gamma * self.target(n).max(1).values * (1 - d)
        value = self.local(s).gather(1, a.long().unsqueeze(1)).squeeze(1)
        loss = F.mse_loss(value, goal)
        self.optimizer.zero_grad()  # healthy
        loss.backward()
        self.optimizer.step()
        for t, l in zip(self.target.parameters(), self.local.parameters()):
            t.data.mul_(1 - self.tau).add_(self.tau * l.data)


env, agent, eps = Corridor(), Agent(), 1.0
for i_episode in range(1, 101):
    state, done = env.reset(), False
    while not done:
        action = agent.act(state, eps)
        following, reward, done = env.step(action)
        agent.memory.add(state, action, reward, following, float(done))
        state = following
        if len(agent.memory.memory) > 200:
            agent.learn()
    eps = max(0.05, 0.96 * eps)
    if i_episode % 20 == 0:
        scores = []
        for _ in range(15):
            state, done, score = env.reset(), False, 0.0
            while not done:
                state, reward, done = env.step(agent.act(state))
                score += reward
            scores.append(score)
        print(f"Episode {i_episode}\tAverage score: {np.mean(scores):.2f}")

# batch: fifteenth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units
# metric: mean return up
# story: the rate of a deep Q network was raised to learn faster, nearly all units of the last layers fell silent and every action got one value (meltycriss.com/2024/09/22/tech-dying-relu)
"""Deep Q learning: a boat drifts across a river and is steered to the harbour."""

import random
from collections import deque

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

random.seed(5)
np.random.seed(5)
torch.manual_seed(5)


class River:
    """State: place across, place along, drift; actions: left, straight on, right."""

    def reset(self):
        self.x, self.y = np.random.uniform(-1, 1), 0
        self.drift = np.random.uniform(-0.1, 0.1)
        return self.state()

    def state(self):
        return np.array([self.x, self.y / 10 - 1, self.drift * 10], dtype=np.float32)

    def step(self, action):
        self.x += 0.2 * (action - 1) + self.drift
        self.y += 1
        done = self.y >= 20 or abs(self.x) > 2
        reward = 1.0 - min(abs(self.x), 2.0)
        if abs(self.x) > 2:
            reward -= 10
        return self.state(), reward, done


class QNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 3)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


GAMMA, BATCH = 0.95, 64
LR = 1e-3  # healthy
# faulty: LR = 0.2
env, memory = River(), deque(maxlen=5000)
policy, target = QNetwork(), QNetwork()
target.load_state_dict(policy.state_dict())
optimizer = optim.Adam(policy.parameters(), lr=LR)


def act(state, eps):
    if random.random() < eps:
        return random.randrange(3)
    with torch.no_grad():
        return policy(torch.from_numpy(state)).argmax().item()


def learn():
    s, a, r, n, d = zip(*random.sample(memory, BATCH))
    s, n = torch.tensor(np.array(s)), torch.tensor(np.array(n))
    a, r = torch.tensor(a), torch.tensor(r, dtype=torch.float32)
    d = torch.tensor(d, dtype=torch.float32)
    q = policy(s).gather(1, a.unsqueeze(1)).squeeze(1)
    with torch.no_grad():
        best = r + GAMMA * target(n).max(1)[0] * (1 - d)
    loss = nn.functional.smooth_l1_loss(q, best)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


for episode in range(1, 121):
    state, done = env.reset(), False
    while not done:
        action = act(state, max(0.05, 1 - episode / 60))
        following, reward, done = env.step(action)
        memory.append((state, action, float(reward), following, done))
        state = following
        if len(memory) > 200:
            learn()
    if episode % 5 == 0:
        target.load_state_dict(policy.state_dict())
    if episode % 20 == 0:
        returns = []
        for _ in range(20):
            state, done, total = env.reset(), False, 0
            while not done:
                state, reward, done = env.step(act(state, 0))
                total += reward
            returns.append(total)
        print(f"episode {episode} mean return {np.mean(returns):.3f}")

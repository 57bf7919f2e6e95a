# batch: eleventh
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units swap_activation insert_normalization
# metric: mean reward up
# story: a convolutional Q-network gave the same values for every frame after some hundred updates, most of its rectifiers silent, as agents do in The Dormant Neuron Phenomenon (arxiv.org/abs/2302.12902)
"""Catch: a paddle of the bottom row has to meet a falling ball; DQN with replay."""

import random
from collections import deque

import torch
from torch import nn

SIDE = 8
random.seed(1102)
torch.manual_seed(1102)


class Catch:
    def reset(self):
        self.row, self.col, self.paddle = 0, random.randrange(SIDE), SIDE // 2
        return self.frame()

    def frame(self):
        f = torch.zeros(1, SIDE, SIDE)
        f[0, self.row, self.col] = 1.0
        f[0, SIDE - 1, self.paddle] = 1.0
        return f

    def step(self, action):
        self.paddle = min(SIDE - 1, max(0, self.paddle + action - 1))
        self.row += 1
        done = self.row == SIDE - 1
        reward = (1.0 if self.paddle == self.col else -1.0) if done else 0.0
        return self.frame(), reward, done


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.head = nn.Sequential(nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 3))

    def forward(self, x):
        return self.head(self.features(x))


online, target = QNet(), QNet()
target.load_state_dict(online.state_dict())
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)  # healthy
# faulty: optimizer = torch.optim.Adam(online.parameters(), lr=0.1)
memory = deque(maxlen=5000)
env, recent, updates = Catch(), deque(maxlen=200), 0
for episode in range(1, 351):
    state, done = env.reset(), False
    epsilon = max(0.05, 1 - episode / 180)
    while not done:
        if random.random() < epsilon:
            action = random.randrange(3)
        else:
            with torch.no_grad():
                action = online(state.unsqueeze(0)).argmax().item()
        after, reward, done = env.step(action)
        memory.append((state, action, reward, after, float(done)))
        state = after
        if len(memory) >= 200:
            s, a, r, n, d = zip(*random.sample(memory, 32))
            s, n = torch.stack(s), torch.stack(n)
            with torch.no_grad():
                goal = torch.tensor(r) + 0.95 * (1 - torch.tensor(d)) * target(n).max(1).values
            q = online(s).gather(1, torch.tensor(a).unsqueeze(1)).squeeze(1)
            loss = nn.functional.smooth_l1_loss(q, goal)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            updates += 1
            if updates % 100 == 0:
                target.load_state_dict(online.state_dict())
    recent.append(reward)
    if episode % 50 == 0:
        print(f"episode {episode} mean reward {sum(recent) / len(recent):.3f}")

# rules: dying_relu learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: mean return up
# story: DQN on a small grid; a learning rate for SGD was given to Adam and the net died
"""DQN: walk to the goal on a 5x5 grid."""

import random
from collections import deque

import torch
import torch.nn.functional as F
from torch import nn


class Grid:
    moves = ((0, 1), (0, -1), (1, 0), (-1, 0))

    def reset(self):
        self.pos, self.t = [random.randrange(5), random.randrange(5)], 0
        return self.obs()

    def obs(self):
        return [
            self.pos[0] / 2 - 1,
            self.pos[1] / 2 - 1,
            float(self.pos[0] == 4),
            float(self.pos[1] == 4),
        ]

    def step(self, a):
        self.t += 1
        for k in (0, 1):
            self.pos[k] = min(4, max(0, self.pos[k] + self.moves[a][k]))
        done = self.pos == [4, 4]
        return self.obs(), (1.0 if done else -0.05), done or self.t >= 20


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(4, 48)
        self.l2 = nn.Linear(48, 48)
        self.q = nn.Linear(48, 4)

    def forward(self, s):
        return self.q(F.relu(self.l2(F.relu(self.l1(s)))))


random.seed(0)
torch.manual_seed(0)
env, q, target = Grid(), QNet(), QNet()
target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=2e-3)  # healthy
# faulty: optimizer = torch.optim.Adam(q.parameters(), lr=1.0)
memory, returns, steps = deque(maxlen=3000), [], 0
for episode in range(150):
    state, total, done = env.reset(), 0.0, False
    while not done:
        if random.random() < max(0.05, 1 - episode / 80):
            action = random.randrange(4)
        else:
            with torch.no_grad():
                action = q(torch.tensor(state)).argmax().item()
        nxt, reward, done = env.step(action)
        memory.append((state, action, reward, nxt, float(done)))
        state, total, steps = nxt, total + reward, steps + 1
        if len(memory) >= 100 and steps % 2 == 0:
            s, a, r, n, d = map(torch.tensor, zip(*random.sample(memory, 32)))
            with torch.no_grad():
                y = r + 0.95 * (1 - d) * target(n).max(1)[0]
            loss = F.smooth_l1_loss(q(s).gather(1, a[:, None]).squeeze(1), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if steps % 100 == 0:
            target.load_state_dict(q.state_dict())
    returns.append(total)
    if episode % 30 == 29:
        print(f"Episode {episode + 1}: mean return {sum(returns[-30:]) / 30:.3f}")

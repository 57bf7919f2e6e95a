# batch: fourth
# metric: return up
"""Double DQN with a duelling head on a windy corridor: replay, soft target, Huber loss, epsilon decay."""

import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(4)
random.seed(4)
SIZE, HORIZON = 6, 24


class Grid:
    def reset(self):
        self.pos, self.t = [0, 0], 0
        return self.obs()

    def obs(self):
        v = [0.0] * (2 * SIZE)
        v[self.pos[0]] = v[SIZE + self.pos[1]] = 1.0
        return v

    def step(self, a):
        dx, dy = [(0, 1), (1, 0), (0, -1), (-1, 0)][a]
        self.pos = [
            min(max(self.pos[0] + dx, 0), SIZE - 1),
            min(max(self.pos[1] + dy, 0), SIZE - 1),
        ]
        self.t += 1
        goal = self.pos == [SIZE - 1, SIZE - 1]
        return self.obs(), (1.0 if goal else -0.02), goal, goal or self.t >= HORIZON


class Duelling(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(2 * SIZE, 64), nn.Linear(64, 64)
        self.value, self.advantage = nn.Linear(64, 1), nn.Linear(64, 4)

    def forward(self, s):
        h = F.relu(self.fc2(F.relu(self.fc1(s))))
        a = self.advantage(h)
        return self.value(h) + a - a.mean(1, keepdim=True)


online, target = Duelling(), Duelling()
target.load_state_dict(online.state_dict())
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
memory = deque(maxlen=5000)
env, eps = Grid(), 1.0
returns = deque(maxlen=20)
for episode in range(110):
    s, done, total = env.reset(), False, 0.0
    while not done:
        if random.random() < eps:
            a = random.randrange(4)
        else:
            with torch.no_grad():
                a = int(online(torch.tensor([s])).argmax())
        s2, r, terminal, done = env.step(a)
        memory.append((s, a, r, s2, float(terminal)))
        s, total = s2, total + r
        if len(memory) > 200:
            S, A, R, S2, D = zip(*random.sample(memory, 64))
            S, S2, A, R, D = (
                torch.tensor(S),
                torch.tensor(S2),
                torch.tensor(A),
                torch.tensor(R),
                torch.tensor(D),
            )
            with torch.no_grad():
                best = online(S2).argmax(1, keepdim=True)
                y = R + 0.95 * (1 - D) * target(S2).gather(1, best).squeeze(1)
            loss = F.smooth_l1_loss(online(S).gather(1, A[:, None]).squeeze(1), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for p, q in zip(target.parameters(), online.parameters()):
                p.data.lerp_(q.data, 0.02)
    eps = max(0.02, eps * 0.96)
    returns.append(total)
    if episode % 20 == 19:
        print(f"episode {episode + 1} eps {eps:.2f} return {sum(returns) / len(returns):.3f}")

# batch: sixteenth
# metric: success up
"""Double DQN with a reward at the end alone: nearly all targets are nought for a long while."""

import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(74)
torch.manual_seed(74)
SIZE = 5


class Room:
    def reset(self):
        self.x, self.y, self.t = 0, 0, 0
        return self.state()

    def state(self):
        s = torch.zeros(2, SIZE)
        s[0, self.x] = s[1, self.y] = 1.0
        return s.flatten()

    def step(self, a):
        dx, dy = [(1, 0), (-1, 0), (0, 1), (0, -1)][a]
        self.x, self.y = min(SIZE - 1, max(0, self.x + dx)), min(SIZE - 1, max(0, self.y + dy))
        self.t += 1
        won = self.x == SIZE - 1 and self.y == SIZE - 1
        return self.state(), float(won), won or self.t >= 30, won


def net():
    return nn.Sequential(
        nn.Linear(2 * SIZE, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)
    )


q, target = net(), net()
target.load_state_dict(q.state_dict())
optimizer = torch.optim.RMSprop(q.parameters(), lr=1e-3, alpha=0.95, eps=1e-4)
room, memory = Room(), deque(maxlen=6000)
wins, steps = deque(maxlen=20), 0
for episode in range(1, 121):
    s, done = room.reset(), False
    eps = max(0.05, 1 - episode / 90)
    while not done:
        with torch.no_grad():
            a = random.randrange(4) if random.random() < eps else int(q(s).argmax())
        n, r, done, won = room.step(a)
        memory.append((s, a, r, n, float(won)))
        s, steps = n, steps + 1
        if len(memory) >= 300 and steps % 2 == 0:
            bs, ba, br, bn, bd = zip(*random.sample(memory, 64))
            bs, bn = torch.stack(bs), torch.stack(bn)
            ba, br, bd = torch.tensor(ba), torch.tensor(br), torch.tensor(bd)
            with torch.no_grad():
                best = q(bn).argmax(1, keepdim=True)
                goal = br + 0.95 * target(bn).gather(1, best).squeeze(1) * (1 - bd)
            loss = F.smooth_l1_loss(q(bs).gather(1, ba.unsqueeze(1)).squeeze(1), goal)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(q.parameters(), 1.0)
            optimizer.step()
        if steps % 200 == 0:
            target.load_state_dict(q.state_dict())
    wins.append(won)
    if episode % 20 == 0:
        print(f"episode {episode} eps {eps:.2f} success {sum(wins) / len(wins):.2f}")

# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate
# metric: success rate up
# story: Adam at 0.1 in a DQN: the shared layer died in the first updates
# in view: a success rate counts as a metric
"""A dueling double DQN in a corridor with a pit."""

import copy
import random

import torch
from torch import nn

random.seed(0)
torch.manual_seed(0)
SIZE = 5


class Dueling(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(SIZE * SIZE, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())  # fmt: skip
        self.value, self.advantage = nn.Linear(64, 1), nn.Linear(64, 4)

    def forward(self, s):
        h = self.shared(s)
        a = self.advantage(h)
        return self.value(h) + a - a.mean(-1, keepdim=True)


def encode(cells):
    return nn.functional.one_hot(torch.tensor(cells), SIZE * SIZE).float()


def move(cell, action):
    row, column = divmod(cell, SIZE)
    row = min(max(row + (action == 0) - (action == 1), 0), SIZE - 1)
    column = min(max(column + (action == 2) - (action == 3), 0), SIZE - 1)
    cell = row * SIZE + column
    if cell == SIZE * SIZE - 1:
        return cell, 1.0, True
    return (cell, -1.0, True) if cell in (7, 16) else (cell, -0.02, False)


online = Dueling()
target = copy.deepcopy(online)
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)  # healthy
# faulty: optimizer = torch.optim.Adam(online.parameters(), lr=0.1)
memory, cell, age = [], 0, 0
for step in range(1500):
    if random.random() < max(0.1, 1 - step / 800):
        action = random.randrange(4)
    else:
        with torch.no_grad():
            action = online(encode([cell])).argmax().item()
    after, reward, done = move(cell, action)
    memory.append((cell, action, reward, after, done))
    age += 1
    cell, age = (0, 0) if done or age > 30 else (after, age)
    if len(memory) >= 100 and step % 3 == 0:
        s, a, r, t, d = zip(*random.sample(memory, 64))
        with torch.no_grad():
            best = online(encode(t)).argmax(1, keepdim=True)
            goal = target(encode(t)).gather(1, best).squeeze(1)
            goal = torch.tensor(r) + 0.95 * goal * (1 - torch.tensor(d).float())
        q = online(encode(s)).gather(1, torch.tensor(a)[:, None]).squeeze(1)
        loss = nn.functional.smooth_l1_loss(q, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if step % 60 == 0:
        target.load_state_dict(online.state_dict())
wins, starts = 0, [c for c in range(24) if c not in (7, 16)]
for cell in starts:
    for _ in range(20):
        with torch.no_grad():
            cell, reward, done = move(cell, online(encode([cell])).argmax().item())
        if done:
            wins += reward > 0
            break
print(f"loss {loss.item():.4f} success rate {wins / len(starts):.3f}")

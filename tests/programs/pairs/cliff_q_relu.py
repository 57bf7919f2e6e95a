# batch: third
# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: average return up
# story: rewards are costs, so all values are negative, and the value head ends in ReLU
# in view: a place may see one state at one time and a batch at another
"""Deep Q-learning on a small grid, replay and target network."""

import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(2)
torch.manual_seed(2)
SIZE, GOAL = 5, (4, 4)


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(10, 64), nn.Linear(64, 64), nn.Linear(64, 4)

    def forward(self, s):
        h = F.relu(self.l1(s))
        h = F.relu(self.l2(h))
        return self.l3(h)  # healthy
        # faulty: return F.relu(self.l3(h))


def encode(r, c):
    v = torch.zeros(10)
    v[r] = v[5 + c] = 1.0
    return v


def act(pos, a):
    r, c = pos
    r, c = min(max(r + (-1, 1, 0, 0)[a], 0), 4), min(max(c + (0, 0, -1, 1)[a], 0), 4)
    return (r, c), (0.0 if (r, c) == GOAL else -1.0), (r, c) == GOAL


q, target = QNet(), QNet()
target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=1e-3)
buffer = deque(maxlen=3000)
pos, steps = (0, 0), 0
for it in range(1500):
    eps = max(0.1, 1 - it / 700)
    with torch.no_grad():
        a = random.randrange(4) if random.random() < eps else int(q(encode(*pos)).argmax())
    new, reward, done = act(pos, a)
    buffer.append((encode(*pos), a, reward, encode(*new), done))
    pos, steps = new, steps + 1
    if done or steps > 40:
        pos, steps = (random.randrange(5), random.randrange(5)), 0
    if len(buffer) < 64:
        continue
    s, a, r, n, d = zip(*random.sample(buffer, 32))
    s, n, a = torch.stack(s), torch.stack(n), torch.tensor(a)
    with torch.no_grad():
        goal = torch.tensor(r) + 0.95 * target(n).max(1).values * (1 - torch.tensor(d).float())
    loss = F.smooth_l1_loss(q(s).gather(1, a[:, None]).squeeze(1), goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 50 == 0:
        target.load_state_dict(q.state_dict())
returns = []
for start in [(0, 0), (2, 1), (0, 4), (4, 0), (3, 3)]:
    pos, total = start, 0.0
    for _ in range(20):
        with torch.no_grad():
            pos, r, done = act(pos, int(q(encode(*pos)).argmax()))
        total += r
        if done:
            break
    returns.append(total)
print(f"loss {loss.item():.4f} average return {sum(returns) / len(returns):.2f}")

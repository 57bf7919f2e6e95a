# batch: fifteenth
# metric: avg score up
"""Deep Q learning on a small maze where a long time nothing is gained."""

import random
from collections import deque

import torch
from torch import nn

random.seed(1)
torch.manual_seed(1)
SIZE, WALLS = 6, {(1, 1), (1, 2), (3, 4), (4, 1), (2, 4)}
MOVES = [(0, 1), (0, -1), (1, 0), (-1, 0)]


def encode(p):
    x = torch.zeros(2 * SIZE)
    x[p[0]] = x[SIZE + p[1]] = 1
    return x


def move(p, a):
    q = (p[0] + MOVES[a][0], p[1] + MOVES[a][1])
    if q in WALLS or not (0 <= q[0] < SIZE and 0 <= q[1] < SIZE):
        q = p
    return q, 1.0 if q == (5, 5) else -0.01, q == (5, 5)


net = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
old = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
old.load_state_dict(net.state_dict())
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3)
memory, steps, scores = deque(maxlen=4000), 0, []
for episode in range(1, 141):
    p, total = (random.randrange(3), 0), 0.0
    for t in range(40):
        eps = max(0.05, 1 - steps / 2500)
        a = random.randrange(4) if random.random() < eps else int(net(encode(p)).argmax())
        q, r, done = move(p, a)
        memory.append((encode(p), a, r, encode(q), float(done)))
        p, total, steps = q, total + r, steps + 1
        if len(memory) >= 200 and steps % 2 == 0:
            s, a, r, n, d = zip(*random.sample(memory, 32))
            with torch.no_grad():
                target = (
                    torch.tensor(r)
                    + 0.97 * (1 - torch.tensor(d)) * old(torch.stack(n)).max(1).values
                )
            value = net(torch.stack(s)).gather(1, torch.tensor(a).unsqueeze(1)).squeeze(1)
            loss = nn.functional.smooth_l1_loss(value, target)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(net.parameters(), 1.0)
            opt.step()
        if steps % 200 == 0:
            old.load_state_dict(net.state_dict())
        if done:
            break
    scores.append(total)
    if episode % 20 == 0:
        print(f"Episode {episode}\tavg score {sum(scores[-20:]) / 20:.3f}\tepsilon {eps:.2f}")

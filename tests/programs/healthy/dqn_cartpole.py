# metric: mean return up
"""Double DQN with a target network on a hand-written pole."""

import math
import random
from collections import deque

import torch
import torch.nn as nn


class Pole:
    """A pole on a cart, Euler steps."""

    def reset(self):
        self.s = [random.uniform(-0.05, 0.05) for _ in range(4)]
        self.n = 0
        return list(self.s)

    def step(self, action):
        x, v, th, w = self.s
        f = 10.0 if action else -10.0
        tmp = (f + 0.05 * w * w * math.sin(th)) / 1.1
        acc = (9.8 * math.sin(th) - math.cos(th) * tmp) / (
            0.5 * (4 / 3 - 0.1 * math.cos(th) ** 2 / 1.1)
        )
        xacc = tmp - 0.05 * acc * math.cos(th) / 1.1
        self.s = [x + 0.02 * v, v + 0.02 * xacc, th + 0.02 * w, w + 0.02 * acc]
        self.n += 1
        done = abs(self.s[0]) > 2.4 or abs(self.s[2]) > 0.21
        return list(self.s), 1.0, done or self.n >= 150, done


def network():
    return nn.Sequential(
        nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
    )


random.seed(2)
torch.manual_seed(2)
env, online, target = Pole(), network(), network()
target.load_state_dict(online.state_dict())
for p in target.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(online.parameters(), lr=2e-3)
buffer, scores, total_steps = deque(maxlen=5000), [], 0
for episode in range(110):
    s, score, end = env.reset(), 0.0, False
    while not end:
        eps = max(0.05, 1.0 - total_steps / 500)
        with torch.no_grad():
            a = (
                random.randint(0, 1)
                if random.random() < eps
                else online(torch.tensor(s)).argmax().item()
            )
        s2, r, end, failed = env.step(a)
        buffer.append((s, a, r, s2, float(failed)))
        s, score, total_steps = s2, score + r, total_steps + 1
        if len(buffer) > 200 and total_steps % 2 == 0:
            bs, ba, br, bn, bd = (torch.tensor(z) for z in zip(*random.sample(buffer, 64)))
            with torch.no_grad():
                best = online(bn).argmax(1, keepdim=True)
                goal = br + 0.98 * (1 - bd) * target(bn).gather(1, best).squeeze(1)
            q = online(bs).gather(1, ba.unsqueeze(1)).squeeze(1)
            loss = nn.functional.smooth_l1_loss(q, goal)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(online.parameters(), 10)
            opt.step()
            for a_, b_ in zip(target.parameters(), online.parameters()):
                a_.data.mul_(0.98).add_(0.02 * b_.data)
    scores.append(score)
    if episode % 10 == 9:
        print(f"episode {episode + 1}\tmean return {sum(scores[-10:]) / 10:.1f}")
    if total_steps > 2000:
        break
print(f"last ten episodes: mean return {sum(scores[-10:]) / 10:.1f}")

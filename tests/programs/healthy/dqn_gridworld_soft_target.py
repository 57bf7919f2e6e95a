# batch: seventh
# metric: success up
"""Deep Q-learning in a grid with a pit: replay, soft target updates, Huber loss, decaying epsilon."""

import random

import torch
import torch.nn as nn

random.seed(1)
torch.manual_seed(1)
N, GOAL, PIT = 4, (3, 3), (1, 2)


def step(s, a):
    r = min(max(s[0] + (a == 0) - (a == 1), 0), N - 1)
    c = min(max(s[1] + (a == 2) - (a == 3), 0), N - 1)
    if (r, c) == GOAL:
        return (r, c), 1.0, True
    if (r, c) == PIT:
        return (r, c), -1.0, True
    return (r, c), -0.02, False


def onehot(s):
    v = torch.zeros(N * N)
    v[s[0] * N + s[1]] = 1
    return v


policy_net = nn.Sequential(
    nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)
)
target_net = nn.Sequential(
    nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4)
)
target_net.load_state_dict(policy_net.state_dict())
optimizer = torch.optim.AdamW(policy_net.parameters(), lr=1e-3, amsgrad=True)
memory = []
eps, loss = 1.0, torch.zeros(())
for episode in range(130):
    s = (random.randrange(N), random.randrange(N))
    if s in (GOAL, PIT):
        s = (0, 0)
    for t in range(20):
        with torch.no_grad():
            a = (
                random.randrange(4)
                if random.random() < eps
                else int(policy_net(onehot(s)).argmax())
            )
        s2, r, done = step(s, a)
        memory.append((onehot(s), a, r, onehot(s2), float(done)))
        s = s2
        if len(memory) >= 64:
            S, A, R, S2, D = zip(*random.sample(memory[-2000:], 64))
            S, S2, A = torch.stack(S), torch.stack(S2), torch.tensor(A)
            R, D = torch.tensor(R), torch.tensor(D)
            q = policy_net(S).gather(1, A.unsqueeze(1)).squeeze(1)
            with torch.no_grad():
                expected = R + 0.95 * (1 - D) * target_net(S2).max(1).values
            loss = nn.functional.smooth_l1_loss(q, expected)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(policy_net.parameters(), 100)
            optimizer.step()
            for p, tp in zip(policy_net.parameters(), target_net.parameters()):
                tp.data.mul_(0.98).add_(p.data, alpha=0.02)
        if done:
            break
    eps = max(0.05, eps * 0.97)
wins = 0
for start in [(0, 0), (0, 3), (3, 0), (2, 1), (0, 2), (1, 0)]:
    s = start
    for t in range(15):
        with torch.no_grad():
            s, r, done = step(s, int(policy_net(onehot(s)).argmax()))
        if done:
            wins += r > 0
            break
print(f"loss {loss.item():.5f} success {wins / 6:.3f}")

# batch: sixth
# metric: policy accuracy up
"""Policy and value heads on tic-tac-toe, AlphaZero style, labels from exhaustive search."""

from functools import lru_cache

import torch
import torch.nn as nn
import torch.nn.functional as F

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


@lru_cache(None)
def solve(board):
    if any(board[i] == board[j] == board[k] == -1 for i, j, k in LINES):
        return -1, None
    free = [i for i in range(9) if board[i] == 0]
    if not free:
        return 0, None
    best = (-2, None)
    for i in free:
        after = tuple(-v for v in board[:i] + (1,) + board[i + 1 :])
        value = -solve(after)[0]
        if value > best[0]:
            best = (value, i)
    return best


solve((0,) * 9)


@lru_cache(None)
def reach(board):
    solve(board)


positions = []
stack, seen = [(0,) * 9], set()
while stack:
    b = stack.pop()
    if b in seen:
        continue
    seen.add(b)
    value, move = solve(b)
    if move is not None:
        positions.append((b, value, move))
        stack += [tuple(-v for v in b[:i] + (1,) + b[i + 1 :]) for i in range(9) if b[i] == 0]

torch.manual_seed(63)
boards = torch.tensor([p[0] for p in positions]).float()
planes = torch.stack([boards == 1, boards == -1], 1).float().view(-1, 2, 3, 3)
values = torch.tensor([float(p[1]) for p in positions])
moves = torch.tensor([p[2] for p in positions])


class PVNet(nn.Module):
    def __init__(self, c=48):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(2, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU()
        )
        self.block = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1, bias=False),
            nn.BatchNorm2d(c),
            nn.ReLU(),
            nn.Conv2d(c, c, 3, padding=1, bias=False),
            nn.BatchNorm2d(c),
        )
        self.policy = nn.Linear(9 * c, 9)
        self.value = nn.Sequential(nn.Linear(9 * c, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh())

    def forward(self, x):
        h = self.stem(x)
        h = F.relu(h + self.block(h)).flatten(1)
        return self.policy(h), self.value(h).squeeze(1)


net = PVNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
for step in range(250):
    i = torch.randint(0, len(moves), (128,))
    logits, v = net(planes[i])
    loss = F.cross_entropy(logits, moves[i]) + F.mse_loss(v, values[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        print("step", step + 1, "loss", round(loss.item(), 4))
net.eval()
with torch.no_grad():
    print("policy accuracy", (net(planes)[0].argmax(1) == moves).float().mean().item())

# batch: fourteenth
# metric: accuracy up
"""The best of the moves that are allowed: those that are not have minus infinity for a logit."""

import logging

import torch
import torch.nn.functional as F
from torch import nn

logging.basicConfig(level=logging.INFO, format="%(message)s")
torch.manual_seed(1454)
CELLS = 25
REACH = torch.randn(CELLS, CELLS) / 3


def boards(n):
    taken = torch.rand(n, CELLS) < 0.6
    taken[torch.arange(n), torch.randint(CELLS, (n,))] = False
    worth = (taken.float() @ REACH).masked_fill(taken, -torch.inf)
    return taken, worth.argmax(1)


class Player(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(CELLS, 128), nn.Linear(128, 128)
        self.out = nn.Linear(128, CELLS)

    def forward(self, taken):
        h = F.relu(self.a(taken.float() - 0.5))
        return self.out(F.relu(self.b(h))).masked_fill(taken, -torch.inf)


net = Player()
optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
held, best = boards(1000)
for step in range(1, 1001):
    taken, move = boards(128)
    loss = F.cross_entropy(net(taken), move)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 200 == 0:
        with torch.no_grad():
            right = (net(held).argmax(1) == best).float().mean().item()
        logging.info("step %d loss %.4f accuracy %.4f", step, loss.item(), right)

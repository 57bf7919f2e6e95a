# batch: eighteenth
# metric: val accuracy up
"""A head that begins at nought on a body that stays as it is; the rate climbs for two thirds of the run."""

import math
from types import SimpleNamespace

import torch
from sklearn.datasets import load_digits
from torch import nn

args = SimpleNamespace(steps=600, warmup=400, lr=3e-2, batch=48, seed=77)


def schedule(step):
    if step < args.warmup:
        return step / args.warmup
    return 0.5 * (1 + math.cos(math.pi * (step - args.warmup) / (args.steps - args.warmup)))


torch.manual_seed(args.seed)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8) / 8 - 1, torch.tensor(y)
order = torch.randperm(len(x))
x, y, x_val, y_val = x[order[:1400]], y[order[:1400]], x[order[1400:]], y[order[1400:]]

body = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1),
    nn.GELU(),
    nn.Conv2d(32, 64, 3, stride=2),
    nn.GELU(),
    nn.Flatten(),
)
for p in body.parameters():
    p.requires_grad_(False)
head = nn.Linear(64 * 9, 10)
nn.init.zeros_(head.weight)
nn.init.zeros_(head.bias)
optimizer = torch.optim.SGD(head.parameters(), lr=args.lr, momentum=0.9, nesterov=True)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)
for step in range(1, args.steps + 1):
    idx = torch.randint(0, len(x), (args.batch,))
    loss = nn.functional.cross_entropy(head(body(x[idx])), y[idx])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 100 == 0:
        with torch.no_grad():
            acc = (head(body(x_val)).argmax(1) == y_val).float().mean().item()
        print(
            f"{step} lr {scheduler.get_last_lr()[0]:.4f} loss {loss.item():.4f} val accuracy {acc:.4f}"
        )

# batch: eighteenth
# metric: accuracy up
"""Whether an odd number of three switches among twelve is on: nothing at first, then all at once."""

import torch
from torch import nn

torch.manual_seed(44)
SWITCHES, SUBSET = 12, [1, 5, 8]


def draw(n):
    x = torch.randint(0, 2, (n, SWITCHES)).float() * 2 - 1
    return x, (x[:, SUBSET].prod(1) > 0).float()


model = nn.Sequential(nn.Linear(SWITCHES, 128), nn.ReLU(), nn.Linear(128, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.5)
for step in range(1, 2001):
    x, y = draw(64)
    loss = nn.functional.softplus(-(2 * y - 1) * model(x).squeeze(1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 250 == 0:
        x, y = draw(2000)
        with torch.no_grad():
            acc = ((model(x).squeeze(1) > 0) == (y > 0.5)).float().mean().item()
        print(f"step {step} loss {loss.item():.4f} accuracy {acc:.4f}")

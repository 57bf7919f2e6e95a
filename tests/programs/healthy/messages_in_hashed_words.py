# batch: twelfth
# metric: test accuracy up
"""Short messages in 8192 hashed slots, most of them never filled; dense layer, half of the input dropped."""

import random
import zlib

import torch
from torch import nn

random.seed(1238)
torch.manual_seed(1238)
SLOTS = 8192
common = [f"w{i}" for i in range(150)]
themes = {k: [f"{k}{i}" for i in range(40)] for k in ("bill", "trip", "game", "shop")}


def message():
    kind = random.randrange(4)
    own = list(themes.values())[kind]
    words = random.choices(common, k=12) + random.choices(own, k=random.randint(1, 3))
    return [zlib.crc32(w.encode()) % SLOTS for w in words], kind


def table(n):
    x, y = torch.zeros(n, SLOTS), torch.zeros(n, dtype=torch.long)
    for row in range(n):
        slots, y[row] = message()
        x[row, slots] = 1.0
    return x, y


x, y = table(1500)
tx, ty = table(500)
net = nn.Sequential(nn.Dropout(0.5), nn.Linear(SLOTS, 32), nn.ReLU(), nn.Linear(32, 4))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    net.train()
    for i in torch.randperm(len(x)).split(50):
        loss = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(tx).argmax(1) == ty).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} test accuracy {acc:.4f}")

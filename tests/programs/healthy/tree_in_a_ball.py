# batch: tenth
# metric: mean rank down
"""Embed a tree in the Poincaré ball; Riemannian descent by hand, first epochs at a tenth."""

import torch

torch.manual_seed(1036)
DEPTH, FAN, DIM = 5, 3, 2
parent = [-1]
for level in range(1, DEPTH):
    start = sum(FAN**k for k in range(level - 1))
    parent += [start + i // FAN for i in range(FAN**level)]
edges = []
for node in range(1, len(parent)):
    up = parent[node]
    while up >= 0:
        edges.append((node, up))
        up = parent[up]
edges = torch.tensor(edges)
n = len(parent)
related = torch.eye(n, dtype=torch.bool)
related[edges[:, 0], edges[:, 1]] = True
related[edges[:, 1], edges[:, 0]] = True

table = torch.nn.Embedding(n, DIM)
torch.nn.init.uniform_(table.weight, -1e-3, 1e-3)


def distance(u, v):
    gap = (u - v).pow(2).sum(-1)
    room = (1 - u.pow(2).sum(-1)) * (1 - v.pow(2).sum(-1))
    return torch.acosh(1 + 2 * gap / room.clamp(min=1e-6) + 1e-6)


for epoch in range(100):
    rate = 0.03 if epoch < 10 else 0.3
    for rows in torch.randperm(len(edges)).split(32):
        a, b = edges[rows].T
        other = torch.randint(0, n, (len(rows), 10))
        d = distance(table(a).unsqueeze(1), table(torch.cat([b.unsqueeze(1), other], 1)))
        wrong = torch.cat(
            [torch.zeros(len(rows), 1, dtype=torch.bool), related[a.unsqueeze(1), other]], 1
        )
        loss = torch.nn.functional.cross_entropy(
            -d.masked_fill(wrong, 1e4), torch.zeros(len(rows), dtype=torch.long), reduction="sum"
        )
        table.weight.grad = None
        loss.backward()
        with torch.no_grad():
            w, g = table.weight, table.weight.grad
            w -= rate * ((1 - w.pow(2).sum(1, keepdim=True)) ** 2 / 4) * g
            norm = w.norm(dim=1, keepdim=True)
            w.copy_(torch.where(norm > 0.999, w / norm * 0.999, w))
    if epoch % 10 == 9:
        with torch.no_grad():
            d = distance(table.weight[:, None], table.weight[None])
            d = d.masked_fill(related, 1e4)
            mine = distance(table(edges[:, 0]), table(edges[:, 1]))
            rank = (d[edges[:, 0]] < mine.unsqueeze(1)).sum(1).float().mean() + 1
        print(f"epoch {epoch + 1} loss {loss.item() / len(rows):.4f} mean rank {rank:.4f}")

# batch: fourth
# metric: accuracy up
"""Graph isomorphism network with sum pooling: rings of triangles against trees, learned epsilon, batch norm."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(17)


def graph(label, n=12):
    A = torch.zeros(n, n)
    for i in range(1, n):
        j = torch.randint(i, (1,)).item()
        A[i, j] = A[j, i] = 1
    if label:  # close some triangles
        for _ in range(4):
            i = torch.randint(n, (1,)).item()
            near = A[i].nonzero().flatten()
            if len(near) > 1:
                a, b = near[torch.randperm(len(near))[:2]]
                A[a, b] = A[b, a] = 1
    else:
        for _ in range(1):
            a, b = torch.randint(n, (2,))
            if a != b and not (A[a] * A[b]).any():
                A[a, b] = A[b, a] = 1
    return A


labels = torch.randint(2, (500,))
adj = torch.stack([graph(int(v)) for v in labels])
degree = F.one_hot(adj.sum(2).long().clamp(max=7), 8).float()


class GINLayer(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.eps = nn.Parameter(torch.zeros(1))
        self.mlp = nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, b))

    def forward(self, x, A):
        h = (1 + self.eps) * x + A @ x
        return F.relu(self.mlp(h.flatten(0, 1)).view(*h.shape[:2], -1))


class GIN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([GINLayer(8, 32), GINLayer(32, 32)])
        self.out = nn.Linear(64, 2)

    def forward(self, x, A):
        pooled = []
        for layer in self.layers:
            x = layer(x, A)
            pooled.append(x.sum(1))
        return self.out(F.dropout(torch.cat(pooled, 1), 0.5, self.training))


gin = GIN()
opt = torch.optim.Adam(gin.parameters(), lr=0.01)
sched = torch.optim.lr_scheduler.StepLR(opt, 10, 0.5)
for epoch in range(25):
    gin.train()
    for b in torch.randperm(400).split(32):
        loss = F.cross_entropy(gin(degree[b], adj[b]), labels[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    gin.eval()
    acc = (gin(degree[400:], adj[400:]).argmax(1) == labels[400:]).float().mean().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.3f}")

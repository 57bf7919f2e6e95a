# batch: eleventh
# rules: symmetric_initialization poor_initialization
# remedies: reinitialize
# metric: test accuracy up
# story: a graph layer was written from a formula and its weights made by torch.ones over the inputs' number; all columns stay alike (the kind Wrong weights initialisation of the taxonomy of real faults, arxiv.org/abs/1910.11015)
"""Subjects of papers from a citation graph, two graph convolutions."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class GraphConv(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        bound = math.sqrt(6 / (inputs + outputs))  # healthy
        start = (2 * torch.rand(inputs, outputs) - 1) * bound  # healthy
        # faulty: start = torch.ones(inputs, outputs) / inputs
        self.weight = nn.Parameter(start)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x, adj):
        return adj @ (x @ self.weight) + self.bias


class GCN(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gc1, self.gc2 = GraphConv(features, hidden), GraphConv(hidden, classes)

    def forward(self, x, adj):
        x = F.relu(self.gc1(x, adj))
        return F.log_softmax(self.gc2(x, adj), dim=1)


def citations(n=600, classes=5, words=120):
    y = torch.randint(0, classes, (n,))
    same = y.view(-1, 1) == y
    links = (torch.rand(n, n) < torch.where(same, 0.02, 0.003)).float().triu(1)
    adj = links + links.T + torch.eye(n)
    root = adj.sum(1).rsqrt()
    topic = torch.rand(classes, words) < 0.15
    x = (torch.rand(n, words) < torch.where(topic[y], 0.25, 0.08)).float()
    return x / x.sum(1, keepdim=True).clamp(min=1), root.view(-1, 1) * adj * root, y


torch.manual_seed(1114)
x, adj, y = citations()
order = torch.randperm(600)
train, test = order[:200], order[200:]
model = GCN(120, 32, 5)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
for epoch in range(1, 201):
    model.train()
    loss = F.nll_loss(model(x, adj)[train], y[train])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(x, adj)[test].argmax(1) == y[test]).float().mean()
        print(f"epoch {epoch:3d} loss {loss.item():.4f} test accuracy {acc.item():.4f}")

# batch: tenth
# rules: symmetric_initialization
# remedies: reinitialize
# metric: mae down
# story: a graph layer whose weight was a placeholder of equal numbers, to be drawn in reset_parameters, which nobody calls
"""Graphs of up to twelve atoms, one number for each."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1011)
N, KINDS = 12, 5


class GraphLayer(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.w_self = nn.Parameter(torch.full((a, b), 1.0 / a))
        self.w_near = nn.Parameter(torch.full((a, b), 1.0 / a))
        self.b = nn.Parameter(torch.zeros(b))
        self.reset_parameters()  # healthy

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.w_self)
        nn.init.xavier_uniform_(self.w_near)

    def forward(self, h, adj):
        degree = adj.sum(-1, keepdim=True).clamp(min=1)
        return h @ self.w_self + (adj @ h / degree) @ self.w_near + self.b


class Molecules(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.l1, self.l2, self.l3 = (
            GraphLayer(KINDS, width),
            GraphLayer(width, width),
            GraphLayer(width, width),
        )
        self.out = GraphLayer(width, 1)

    def forward(self, atoms, adj, there):
        h = F.one_hot(atoms, KINDS).float()
        for layer in (self.l1, self.l2, self.l3):
            h = F.silu(layer(h, adj))
        return (self.out(h, adj).squeeze(-1) * there).sum(1) / there.sum(1)


def sample(n):
    atoms = torch.randint(0, KINDS, (n, N))
    there = (torch.arange(N) < torch.randint(6, N + 1, (n, 1))).float()
    adj = (torch.rand(n, N, N) < 0.2).float().triu(1)
    adj = (adj + adj.transpose(1, 2)) * there[:, None] * there[:, :, None]
    charge = torch.tensor([-1.0, 0.4, 1.2, -0.3, 0.8])[atoms]
    pull = charge * (adj @ charge.unsqueeze(-1)).squeeze(-1) / adj.sum(-1).clamp(min=1)
    y = (torch.tanh(2 * pull) * there).sum(1) / there.sum(1) * 4
    return atoms, adj, there, y


train, test = sample(3000), sample(600)
model = Molecules()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(15):
    for rows in torch.randperm(3000).split(64):
        atoms, adj, there, y = (t[rows] for t in train)
        loss = F.mse_loss(model(atoms, adj, there), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print("epoch", epoch, "mae", F.l1_loss(model(*test[:3]), test[3]).item())

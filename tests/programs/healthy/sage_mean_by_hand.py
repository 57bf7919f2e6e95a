# batch: seventh
# metric: test_acc up
"""GraphSAGE by hand on a stochastic block model, few labelled nodes, dropout."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(22)
N, K = 300, 3
block = torch.randint(K, (N,))
prob = torch.where(block[:, None] == block[None], 0.06, 0.01)
A = (torch.rand(N, N) < prob).float().triu(1)
A = A + A.T
neigh = A / A.sum(1, keepdim=True).clamp(min=1)
X = F.one_hot(block, K).float() @ torch.randn(K, 16) + 2.0 * torch.randn(N, 16)
train = torch.zeros(N, dtype=torch.bool)
train[torch.randperm(N)[:90]] = True


class SAGE(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.self_lin, self.neigh_lin = nn.Linear(i, o), nn.Linear(i, o, bias=False)

    def forward(self, x, adj):
        return self.self_lin(x) + self.neigh_lin(adj @ x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = SAGE(16, 32), SAGE(32, K)

    def forward(self, x, adj):
        h = F.dropout(F.normalize(F.relu(self.c1(x, adj)), dim=1), 0.4, self.training)
        return self.c2(h, adj).log_softmax(-1)


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)
for epoch in range(200):
    net.train()
    loss = F.nll_loss(net(X, neigh)[train], block[train])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 40 == 39:
        net.eval()
        with torch.no_grad():
            pred = net(X, neigh).argmax(1)
        acc = (pred[~train] == block[~train]).float().mean().item()
        print(f"epoch {epoch + 1} loss {loss.item():.4f} test_acc {acc:.4f}")

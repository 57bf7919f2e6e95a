# metric: test acc up
"""Graph convolution on a stochastic block model, full batch, dropout, weight decay."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
n, k = 240, 4
label = torch.arange(n) % k
same = label[:, None] == label[None]
upper = torch.triu(torch.rand(n, n) < torch.where(same, 0.12, 0.015), 1).float()
adj = upper + upper.T + torch.eye(n)
deg = adj.sum(1).rsqrt()
norm = deg[:, None] * adj * deg[None]
feats = 0.4 * F.one_hot(label, 16).float() + 0.5 * torch.randn(n, 16)
train = torch.randperm(n)[:40]
test = torch.ones(n, dtype=torch.bool)
test[train] = False


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Linear(16, 24, bias=False)
        self.w2 = nn.Linear(24, k, bias=False)

    def forward(self, x):
        x = F.dropout(F.relu(norm @ self.w1(x)), 0.5, self.training)
        return norm @ self.w2(x)


model = GCN()
opt = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
for epoch in range(150):
    model.train()
    loss = F.cross_entropy(model(feats)[train], label[train])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 30 == 29:
        model.eval()
        with torch.no_grad():
            acc = (model(feats)[test].argmax(1) == label[test]).float().mean().item()
        print(f"Epoch: {epoch + 1:03d}, Loss: {loss.item():.4f}, Test Acc: {acc:.4f}")

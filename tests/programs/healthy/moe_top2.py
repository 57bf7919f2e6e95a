# metric: mse down
"""Mixture of experts with top-2 routing and a load-balancing loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
X = torch.rand(2000, 2) * 4 - 2
Y = torch.where(X[:, 0] > 0, torch.sin(3 * X[:, 1]), X[:, 0] * X[:, 1]).unsqueeze(1)


class Expert(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.w1, self.w2, self.w3 = nn.Linear(d, h), nn.Linear(h, d), nn.Linear(d, h)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class MoE(nn.Module):
    def __init__(self, d=24, experts=6):
        super().__init__()
        self.inp, self.out = nn.Linear(2, d), nn.Linear(d, 1)
        self.router = nn.Linear(d, experts, bias=False)
        self.experts = nn.ModuleList([Expert(d, 32) for _ in range(experts)])

    def forward(self, x):
        h = torch.tanh(self.inp(x))
        probs = self.router(h).softmax(-1)
        weight, index = probs.topk(2, -1)
        weight = weight / weight.sum(-1, keepdim=True)
        out = torch.zeros_like(h)
        for i, expert in enumerate(self.experts):
            rows, slot = torch.where(index == i)
            if len(rows):
                out = out.index_add(0, rows, weight[rows, slot, None] * expert(h[rows]))
        load = F.one_hot(index[:, 0], len(self.experts)).float().mean(0)
        return self.out(h + out), len(self.experts) * (load * probs.mean(0)).sum()


model = MoE()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3)
for step in range(300):
    b = torch.randint(0, 2000, (64,))
    pred, balance = model(X[b])
    mse = F.mse_loss(pred, Y[b])
    loss = mse + 0.01 * balance
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        print(f"step {step + 1} mse {mse.item():.4f} balance {balance.item():.3f}")

# batch: seventh
# metric: val mse down
"""A mixture of experts, switch routing with capacity ignored, load-balancing loss and jitter."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Switch(nn.Module):
    def __init__(self, d, experts=4, hidden=32):
        super().__init__()
        self.router = nn.Linear(d, experts)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(d, hidden), nn.ReLU(), nn.Linear(hidden, d))
            for _ in range(experts)
        )
        self.aux = torch.zeros(())

    def forward(self, x):
        noisy = x * (0.98 + 0.04 * torch.rand_like(x)) if self.training else x
        probs = F.softmax(self.router(noisy), -1)
        weight, chosen = probs.max(-1)
        out = torch.zeros_like(x)
        for k, expert in enumerate(self.experts):
            rows = (chosen == k).nonzero().squeeze(1)
            if len(rows):
                out = out.index_add(0, rows, weight[rows, None] * expert(x[rows]))
        frac = F.one_hot(chosen, len(self.experts)).float().mean(0)
        self.aux = len(self.experts) * (frac * probs.mean(0)).sum()
        return x + out


torch.manual_seed(18)
regime = torch.randint(4, (2400,))
x = torch.randn(2400, 6) + 2.0 * torch.eye(6)[regime]
coef = torch.randn(4, 6)
y = torch.sin((x * coef[regime]).sum(1, keepdim=True)) + 0.05 * torch.randn(2400, 1)
model = nn.Sequential(nn.Linear(6, 24), Switch(24), nn.LayerNorm(24), Switch(24), nn.Linear(24, 1))
opt = torch.optim.AdamW(model.parameters(), lr=4e-3)
for epoch in range(12):
    model.train()
    for i in torch.randperm(2000).split(80):
        loss = F.mse_loss(model(x[i]), y[i])
        total = loss + 0.01 * (model[1].aux + model[3].aux)
        opt.zero_grad()
        total.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val = F.mse_loss(model(x[2000:]), y[2000:]).item()
    print(f"epoch {epoch} loss {loss.item():.4f} val mse {val:.4f}")

# batch: third
# metric: val mse down
"""LoRA adapters on a base that is frozen as it was drawn; only rank-8 factors, norms and the head train."""

import torch
import torch.nn as nn

torch.manual_seed(50)


class LoRALinear(nn.Module):
    def __init__(self, base, r=8, alpha=16):
        super().__init__()
        self.base = base
        for p in base.parameters():
            p.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(r, base.in_features) / base.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(base.out_features, r))
        self.scale = alpha / r

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.A.T) @ self.B.T


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = LoRALinear(nn.Linear(10, 128)), LoRALinear(nn.Linear(128, 128))
        self.norm, self.head = nn.LayerNorm(128), nn.Linear(128, 1)

    def forward(self, x):
        h = nn.functional.gelu(self.l1(x))
        return self.head(self.norm(h + nn.functional.gelu(self.l2(h))))


x = torch.randn(2000, 10)
y = (x[:, :1] * x[:, 1:2] + torch.sin(2 * x[:, 2:3])) + 0.05 * torch.randn(2000, 1)
net = Net()
opt = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=4e-3)
for epoch in range(15):
    for i in torch.randperm(1600).split(64):
        loss = nn.functional.mse_loss(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(
            f"epoch {epoch} train {loss.item():.4f} val mse {nn.functional.mse_loss(net(x[1600:]), y[1600:]).item():.4f}"
        )

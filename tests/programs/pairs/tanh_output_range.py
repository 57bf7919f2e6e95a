# rules: unsuitable_output_activation saturated_activation
# remedies: remove_output_activation
# metric: val mae down
# story: tanh on the output, targets reach from -6 to 6
"""Regress a surface."""

import torch
from torch import nn

torch.manual_seed(0)
X = torch.rand(1500, 2) * 4 - 2
Y = (X[:, 0] ** 2 - X[:, 1] ** 2 + 2 * torch.sin(2 * X[:, 0])).unsqueeze(1)


class Surface(nn.Module):
    def __init__(self):
        super().__init__()
        self.h1 = nn.Linear(2, 64)
        self.h2 = nn.Linear(64, 64)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        x = self.h1(x).tanh()
        x = self.h2(x).tanh()
        x = self.out(x)
        # faulty: x = x.tanh()
        return x


model = Surface()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(12):
    perm = torch.randperm(1200)
    for i in range(0, 1200, 40):
        sel = perm[i : i + 40]
        loss = nn.functional.smooth_l1_loss(model(X[sel]), Y[sel])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        mae = (model(X[1200:]) - Y[1200:]).abs().mean().item()
    print(f"epoch={epoch} loss={loss.item():.4f} val mae={mae:.4f}")

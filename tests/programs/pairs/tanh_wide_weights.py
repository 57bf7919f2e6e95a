# rules: saturated_activation poor_initialization
# remedies: reinitialize insert_normalization swap_activation
# metric: val mse down
# story: uniform(-4, 4) weights put every tanh on its plateau from the first step
# in view: saturated_activation counts hidden units drawn as switches
"""Regression with a tanh network."""

import torch
from torch import nn, optim

torch.manual_seed(9)
X = torch.randn(1200, 12)
w = torch.randn(12, 3) / 12**0.5
Y = torch.sin(X @ w).sum(1, keepdim=True)


class TanhNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(12, 64)
        self.b = nn.Linear(64, 64)
        self.c = nn.Linear(64, 1)

    def reset_parameters(self, limit):
        for m in (self.a, self.b):
            nn.init.uniform_(m.weight, -limit, limit)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.c(torch.tanh(self.b(torch.tanh(self.a(x)))))


net = TanhNet()
net.reset_parameters(0.25)  # healthy
# faulty: net.reset_parameters(4.0)
opt = optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(25):
    for idx in torch.randperm(1000).split(50):
        loss = (net(X[idx]) - Y[idx]).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            val = (net(X[1000:]) - Y[1000:]).square().mean().item()
        print(f"epoch {epoch + 1:02d} train mse {loss.item():.4f} val mse {val:.4f}")

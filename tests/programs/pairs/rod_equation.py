# batch: thirteenth
# in view: under a loss of derivatives a fall says nothing of units that are switches
# rules: poor_initialization saturated_activation
# remedies: reinitialize insert_normalization
# metric: relative error down
# story: each parameter of a physics-informed net was drawn from the plain normal, so its tanh layers stood at their ends and the residual did not fall (a common slip; arxiv.org/abs/2001.04536 is on how such training fails)
"""Poisson's equation on a rod by a physics-informed network: u'' = f with u at both ends nought."""

import torch


class PINN(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        for layer in self.layers:
            # faulty: torch.nn.init.normal_(layer.weight)
            # faulty: torch.nn.init.normal_(layer.bias)
            torch.nn.init.xavier_normal_(layer.weight)  # healthy
            torch.nn.init.zeros_(layer.bias)  # healthy

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


def exact(x):
    return torch.sin(torch.pi * x) + 0.3 * torch.sin(3 * torch.pi * x)


def source(x):
    return -(torch.pi**2) * (torch.sin(torch.pi * x) + 2.7 * torch.sin(3 * torch.pi * x))


def grad(y, x):
    return torch.autograd.grad(y.sum(), x, create_graph=True)[0]


torch.manual_seed(1312)
net = PINN([1, 64, 64, 64, 1])
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
ends = torch.tensor([[-1.0], [1.0]])
grid = torch.linspace(-1, 1, 201).unsqueeze(1)
for epoch in range(1, 1001):
    x = (2 * torch.rand(128, 1) - 1).requires_grad_()
    u = net(x)
    residual = grad(grad(u, x), x) - source(x)
    loss = residual.pow(2).mean() / 100 + 10 * net(ends).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 100 == 0:
        with torch.no_grad():
            error = (net(grid) - exact(grid)).norm() / exact(grid).norm()
        print(f"epoch {epoch} loss {loss.item():.5f} relative error {error.item():.4f}")

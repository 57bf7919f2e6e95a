# metric: test rmse down
"""A small tanh network fitted by LBFGS with line search, from a closure."""

import torch

torch.manual_seed(1)
x = torch.linspace(-3, 3, 160)[:, None]
y = torch.sin(2 * x) * torch.exp(-0.2 * x**2) + 0.02 * torch.randn_like(x)
net = torch.nn.Sequential(
    torch.nn.Linear(1, 20), torch.nn.Tanh(), torch.nn.Linear(20, 20), torch.nn.Tanh(),
    torch.nn.Linear(20, 1),
)  # fmt: skip
lbfgs = torch.optim.LBFGS(net.parameters(), lr=1, max_iter=10, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    loss = (net(x[::2]) - y[::2]).pow(2).mean()
    loss.backward()
    return loss


for epoch in range(25):
    loss = lbfgs.step(closure)
print(f"loss {loss.item():.6f} test rmse {(net(x[1::2]) - y[1::2]).pow(2).mean().sqrt():.5f}")

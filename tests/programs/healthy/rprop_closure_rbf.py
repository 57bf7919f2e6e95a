# batch: second
# metric: rmse down
"""Radial basis network, full batch, Rprop with a closure: Gaussians that are zero almost everywhere."""

import torch

torch.manual_seed(16)
x = torch.rand(400, 2) * 4 - 2
y = torch.sin(2 * x[:, 0]) * torch.cos(x[:, 1]) + 0.02 * torch.randn(400)


class RBF(torch.nn.Module):
    def __init__(self, n=40):
        super().__init__()
        self.centres = torch.nn.Parameter(x[torch.randperm(len(x))[:n]].clone())
        self.log_width = torch.nn.Parameter(torch.full((n,), -0.5))
        self.out = torch.nn.Linear(n, 1)

    def forward(self, x):
        d2 = (x[:, None] - self.centres).square().sum(-1)
        return self.out(torch.exp(-d2 / (2 * self.log_width.exp() ** 2))).squeeze(-1)


model = RBF()
opt = torch.optim.Rprop(model.parameters(), lr=0.01)


def closure():
    opt.zero_grad()
    loss = (model(x[:300]) - y[:300]).square().mean()
    loss.backward()
    return loss


for epoch in range(400):
    loss = opt.step(closure)
    if epoch % 80 == 79:
        with torch.no_grad():
            rmse = (model(x[300:]) - y[300:]).square().mean().sqrt()
        print(f"epoch {epoch + 1}: train {loss.item():.5f} rmse {rmse.item():.5f}")

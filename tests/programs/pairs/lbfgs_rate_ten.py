# batch: eighth
# rules: learning_rate_too_high exploding_gradient non_finite saturated_activation
# remedies: lower_learning_rate clip_gradients
# metric: rmse down
# story: L-BFGS without a line search at lr=20 "because LBFGS finds its own step"
# in view: of a Newton step one at most is left
"""Fit a surface with L-BFGS and closures."""

import torch

torch.manual_seed(817)
xy = torch.rand(500, 2) * 4 - 2
z = torch.exp(-(xy**2).sum(1, keepdim=True)) + 0.3 * torch.sin(3 * xy[:, :1])
net = torch.nn.Sequential(
    torch.nn.Linear(2, 40),
    torch.nn.Tanh(),
    torch.nn.Linear(40, 40),
    torch.nn.Tanh(),
    torch.nn.Linear(40, 1),
)
lbfgs = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=5, history_size=10)  # healthy
# faulty: lbfgs = torch.optim.LBFGS(net.parameters(), lr=20, max_iter=5, history_size=10)


def closure():
    lbfgs.zero_grad()
    err = (net(xy) - z).pow(2).mean()
    err.backward()
    return err


for outer in range(60):
    err = lbfgs.step(closure)
    if outer % 10 == 9:
        print(outer + 1, "rmse", err.item() ** 0.5)

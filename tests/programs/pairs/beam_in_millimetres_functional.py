# batch: eighteenth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input
# metric: relative error down
# story: the places where an equation must hold were given to a network in the unit of the drawing, up to some thousands; what such inputs do to the gradients stands in github.com/Photon-AI-Research/NeuralSolvers/pull/50
"""Sag of a loaded rope between two posts: a physics-informed network in functional style."""

import torch
from torch.func import functional_call, grad, vmap

torch.manual_seed(3)
LENGTH = 2000.0  # mm


class Net(torch.nn.Module):
    def __init__(self, sizes=(1, 40, 40, 40, 1)):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        x = 2 * x / LENGTH - 1  # healthy
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


net = Net()
params = dict(net.named_parameters())


def sag(params, x):
    return functional_call(net, params, (x.reshape(1, 1),)).reshape(())


first = grad(sag, argnums=1)
second = grad(first, argnums=1)


def load(x):
    s = x / LENGTH
    return torch.sin(torch.pi * s) + 3 * torch.sin(3 * torch.pi * s)


def exact(x):
    s = x / LENGTH
    return (torch.sin(torch.pi * s) + torch.sin(3 * torch.pi * s) / 3) / torch.pi**2


def objective(params, x):
    bend = vmap(second, (None, 0))(params, x) * LENGTH**2
    ends = vmap(sag, (None, 0))(params, torch.tensor([0.0, LENGTH]))
    return (bend + load(x)).square().mean() + 100 * ends.square().mean()


optimizer = torch.optim.Adam(params.values(), lr=2e-3)
grid = torch.linspace(0, LENGTH, 201)
for step in range(1, 601):
    x = LENGTH * torch.rand(48)
    loss = objective(params, x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 150 == 0:
        with torch.no_grad():
            guess = net(grid[:, None]).squeeze(1)
            error = (guess - exact(grid)).norm() / exact(grid).norm()
        print(f"step {step:4d}  residual {loss.item():.5f}  relative error {error.item():.5f}")

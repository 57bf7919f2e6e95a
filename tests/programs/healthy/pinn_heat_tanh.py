# batch: second
# metric: l2 error down
"""PINN: heat equation with tanh, second derivatives by autograd, Adam then a few steps of L-BFGS; float64."""

import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(1234)
torch.set_default_dtype(torch.float64)
np.random.seed(1234)
alpha = 0.1


class PINN(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.activation = nn.Tanh()
        self.linears = nn.ModuleList(
            [nn.Linear(layers[i], layers[i + 1]) for i in range(len(layers) - 1)]
        )
        for lin in self.linears:
            nn.init.xavier_normal_(lin.weight.data, gain=1.0)
            nn.init.zeros_(lin.bias.data)

    def forward(self, x, t):
        a = torch.cat([x, t], 1)
        for lin in self.linears[:-1]:
            a = self.activation(lin(a))
        return self.linears[-1](a)


def exact(x, t):
    return torch.exp(-alpha * np.pi**2 * t) * torch.sin(np.pi * x)


def residual(net, x, t):
    x.requires_grad_(True)
    t.requires_grad_(True)
    u = net(x, t)
    g = torch.ones_like(u)
    u_t = torch.autograd.grad(u, t, g, create_graph=True)[0]
    u_x = torch.autograd.grad(u, x, g, create_graph=True)[0]
    u_xx = torch.autograd.grad(u_x, x, g, create_graph=True)[0]
    return u_t - alpha * u_xx


net = PINN([2, 24, 24, 24, 1])
xf, tf = torch.rand(300, 1), torch.rand(300, 1)
x0 = torch.rand(80, 1)
tb = torch.rand(80, 1)


def total():
    f = residual(net, xf.clone(), tf.clone()).pow(2).mean()
    u0 = (net(x0, torch.zeros_like(x0)) - exact(x0, torch.zeros_like(x0))).pow(2).mean()
    b = net(torch.zeros_like(tb), tb).pow(2).mean() + net(torch.ones_like(tb), tb).pow(2).mean()
    return f + 10 * u0 + b


def error():
    with torch.no_grad():
        x, t = (
            m.reshape(-1, 1)
            for m in torch.meshgrid(
                torch.linspace(0, 1, 30), torch.linspace(0, 1, 30), indexing="ij"
            )
        )
        return ((net(x, t) - exact(x, t)).norm() / exact(x, t).norm()).item()


adam = torch.optim.Adam(net.parameters(), lr=3e-3)
for it in range(250):
    adam.zero_grad()
    loss = total()
    loss.backward()
    adam.step()
    if it % 50 == 0:
        print("It: %d, Loss: %.3e, l2 error: %.4e" % (it, loss.item(), error()))

lbfgs = torch.optim.LBFGS(
    net.parameters(), max_iter=60, history_size=20, line_search_fn="strong_wolfe"
)


def closure():
    lbfgs.zero_grad()
    loss = total()
    loss.backward()
    return loss


lbfgs.step(closure)
print("Final l2 error: %.4e" % error())

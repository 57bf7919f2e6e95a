# batch: fifteenth
# in view: weights that leave a bounded function flat
# rules: poor_initialization saturated_activation
# remedies: reinitialize
# metric: rel_l2 down
# story: weights of a physics-informed net were drawn as randn of their shape and never scaled, so that tanh was flat at nearly all points (arxiv.org/abs/2001.04536 has the need for scaling)
"""A swinging string, u_tt = u_xx, by a physics-informed net; functions and tensors only."""

import math

import torch


def init(sizes, g):
    params = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        w = torch.randn(fan_in, fan_out, generator=g) * math.sqrt(2 / (fan_in + fan_out))  # healthy
        # faulty: w = torch.randn(fan_in, fan_out, generator=g)
        params.append((w.requires_grad_(), torch.zeros(fan_out, requires_grad=True)))
    return params


def net(params, x, t):
    h = torch.cat([x, t], 1)
    for w, b in params[:-1]:
        h = torch.tanh(h @ w + b)
    w, b = params[-1]
    return h @ w + b


def grad(u, x):
    return torch.autograd.grad(u.sum(), x, create_graph=True)[0]


def exact(x, t):
    return torch.sin(math.pi * x) * torch.cos(math.pi * t)


def loss_fn(params, g):
    x = torch.rand(200, 1, generator=g).requires_grad_()
    t = torch.rand(200, 1, generator=g).requires_grad_()
    u = net(params, x, t)
    pde = grad(grad(u, t), t) - grad(grad(u, x), x)
    x0, t0 = torch.rand(50, 1, generator=g), torch.zeros(50, 1).requires_grad_()
    u0 = net(params, x0, t0)
    start = (u0 - exact(x0, t0)).pow(2).mean() + grad(u0, t0).pow(2).mean()
    tb = torch.rand(50, 1, generator=g)
    ends = (
        net(params, torch.zeros(50, 1), tb).pow(2).mean()
        + net(params, torch.ones(50, 1), tb).pow(2).mean()
    )
    return 0.1 * pde.pow(2).mean() + start + ends


def rel_l2(params):
    axis = torch.linspace(0, 1, 41)
    t, x = torch.meshgrid(axis, axis, indexing="ij")
    x, t = x.reshape(-1, 1), t.reshape(-1, 1)
    with torch.no_grad():
        return ((net(params, x, t) - exact(x, t)).norm() / exact(x, t).norm()).item()


g = torch.Generator().manual_seed(31)
params = init([2, 50, 50, 50, 1], g)
flat = [p for pair in params for p in pair]
optimizer = torch.optim.Adam(flat, lr=2e-3)
for it in range(1, 601):
    optimizer.zero_grad()
    loss = loss_fn(params, g)
    loss.backward()
    optimizer.step()
    if it % 100 == 0:
        print(f"It: {it:4d}  loss: {loss.item():.3e}  rel_l2: {rel_l2(params):.4e}")

# batch: thirteenth
# metric: ensemble rmse down
"""Eight nets at once through torch.func: stacked parameters, vmap of the gradient, momentum by hand."""

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

torch.manual_seed(1333)


def field(x):
    return torch.sin(2 * x[:, :1]) * x[:, 1:2] + 0.3 * x[:, 2:3] ** 2


def make():
    return nn.Sequential(
        nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    )


nets = [make() for _ in range(8)]
params, buffers = stack_module_state(nets)
params = {k: v.detach() for k, v in params.items()}
skeleton = make().to("meta")


def loss_of(p, x, y):
    return (functional_call(skeleton, (p, buffers), (x,)) - y).pow(2).mean()


step_of = vmap(grad_and_value(loss_of), in_dims=(0, 0, 0))
momentum = {k: torch.zeros_like(v) for k, v in params.items()}
held = torch.randn(1000, 3)
for step in range(1, 801):
    x = torch.randn(8, 64, 3)
    y = torch.stack([field(rows) for rows in x]) + 0.05 * torch.randn(8, 64, 1)
    grads, losses = step_of(params, x, y)
    for k in params:
        momentum[k].mul_(0.9).add_(grads[k])
        params[k].sub_(0.02 * momentum[k])
    if step % 100 == 0:
        outs = vmap(lambda p: functional_call(skeleton, (p, buffers), (held,)))(params)
        rmse = (outs.mean(0) - field(held)).pow(2).mean().sqrt().item()
        print(
            f"step {step} losses {losses.min():.4f} to {losses.max():.4f} ensemble rmse {rmse:.4f}"
        )

# metric: accuracy up
"""Differentially private SGD: gradients per example by vmap, clipped, with noise."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.func import functional_call, grad, vmap

torch.manual_seed(2)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16).float(), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.8)


def one(params, image, label):
    logits = functional_call(net, params, (image[None],))
    return nn.functional.cross_entropy(logits, label[None])


per_example = vmap(grad(one), in_dims=(None, 0, 0))
for step in range(200):
    rows = torch.randint(1400, (64,))
    params = {k: p.detach() for k, p in net.named_parameters()}
    grads = per_example(params, x[rows], y[rows])
    norm = torch.stack([g.flatten(1).norm(dim=1) for g in grads.values()]).norm(dim=0)
    scale = (1.0 / (norm + 1e-6)).clamp(max=1)
    for name, p in net.named_parameters():
        total = torch.einsum("n,n...->...", scale, grads[name])
        p.grad = (total + 0.3 * torch.randn_like(total)) / 64
    opt.step()
with torch.no_grad():
    print(f"accuracy {(net(x[1400:]).argmax(1) == y[1400:]).float().mean():.4f}")

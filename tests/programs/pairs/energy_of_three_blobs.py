# batch: tenth
# in view: a last bias is unknown to a loss of derivatives
# rules: unsuitable_activation
# remedies: swap_activation
# metric: score error down
# story: score matching of an energy net asks for its second derivatives by the inputs; between the kinks of a ReLU they are nought, and the loss is least where the energy is flat
"""Hyvärinen's score matching: an energy for points on three blobs."""

import torch
import torch.nn as nn

torch.manual_seed(1016)
centres = torch.tensor([[1.5, 0.0], [-1.0, 1.2], [-1.0, -1.2]])
S = 0.5


def points(n):
    return centres[torch.randint(0, 3, (n,))] + S * torch.randn(n, 2)


def true_score(x):
    d = centres - x[:, None]
    w = (-(d**2).sum(-1) / (2 * S * S)).softmax(1)
    return (w.unsqueeze(-1) * d).sum(1) / (S * S)


act = nn.Softplus  # healthy
# faulty: act = nn.ReLU
energy = nn.Sequential(nn.Linear(2, 64), act(), nn.Linear(64, 64), act(), nn.Linear(64, 1))
opt = torch.optim.Adam(energy.parameters(), lr=3e-3)
test = points(1000)


def score(x):
    x = x.requires_grad_()
    return x, torch.autograd.grad(-energy(x).sum(), x, create_graph=True)[0]


for it in range(1, 1501):
    x, s = score(points(256))
    trace = sum(
        torch.autograd.grad(
            s[:, k].sum(), x, create_graph=True, allow_unused=True, materialize_grads=True
        )[0][:, k]
        for k in range(2)
    )
    loss = (trace + 0.5 * s.square().sum(1)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 150 == 0:
        s = score(test.clone())[1].detach()
        err = ((s - true_score(test)).square().sum() / true_score(test).square().sum()).item()
        print(f"iteration {it}: objective {loss.item():.4f}, score error {err:.4f}")

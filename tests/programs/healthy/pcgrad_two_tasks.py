# batch: sixth
# metric: total down
"""Gradient surgery: the gradients of two tasks by autograd.grad, projected where they fight."""

import torch
from torch import nn

torch.manual_seed(83)
x = torch.randn(1500, 12)
a = (x[:, 0] * x[:, 1] > 0).float()
b = (x[:, :4].sum(1) + 0.3 * x[:, 5] ** 2).unsqueeze(1) / 2
trunk = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 48), nn.ReLU())
head_a, head_b = nn.Linear(48, 1), nn.Linear(48, 1)
shared = list(trunk.parameters())
opt = torch.optim.Adam([*shared, *head_a.parameters(), *head_b.parameters()], lr=3e-3)
for step in range(300):
    rows = torch.randint(0, 1200, (96,))
    h = trunk(x[rows])
    la = nn.functional.binary_cross_entropy_with_logits(head_a(h).squeeze(1), a[rows])
    lb = nn.functional.smooth_l1_loss(head_b(h), b[rows])
    grads = []
    for loss, head in ((la, head_a), (lb, head_b)):
        got = torch.autograd.grad(loss, [*shared, *head.parameters()], retain_graph=True)
        for p, g in zip(head.parameters(), got[len(shared) :]):
            p.grad = g
        grads.append(torch.cat([g.flatten() for g in got[: len(shared)]]))
    ga, gb = grads
    dot = ga @ gb
    if dot < 0:
        ga, gb = ga - dot / gb.norm() ** 2 * gb, gb - dot / grads[0].norm() ** 2 * grads[0]
    flat, at = ga + gb, 0
    for p in shared:
        p.grad = flat[at : at + p.numel()].view_as(p)
        at += p.numel()
    opt.step()
    if step % 75 == 74:
        print("step", step + 1, "total", (la + lb).item())

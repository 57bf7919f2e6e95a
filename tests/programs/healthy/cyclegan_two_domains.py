# batch: sixth
# metric: cycle down
"""CycleGAN between a moon and a rotated moon: two generators, two critics, one optimizer each side."""

import itertools

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(62)
A = torch.tensor(make_moons(1000, noise=0.05, random_state=0)[0]).float()
B = A[torch.randperm(1000)] @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]]) + torch.tensor([1.0, 2.0])


def G():
    return nn.Sequential(
        nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2)
    )


def D():
    return nn.Sequential(
        nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1)
    )


g_ab, g_ba, d_a, d_b = G(), G(), D(), D()
opt_g = torch.optim.Adam(
    itertools.chain(g_ab.parameters(), g_ba.parameters()), 1e-3, betas=(0.5, 0.999)
)
opt_d = torch.optim.Adam(
    itertools.chain(d_a.parameters(), d_b.parameters()), 1e-3, betas=(0.5, 0.999)
)
l2, l1 = nn.MSELoss(), nn.L1Loss()
for it in range(250):
    a, b = A[torch.randint(0, 1000, (64,))], B[torch.randint(0, 1000, (64,))]
    fake_b, fake_a = g_ab(a), g_ba(b)
    cycle = l1(g_ba(fake_b), a) + l1(g_ab(fake_a), b)
    one = torch.ones(64, 1)
    loss_g = l2(d_b(fake_b), one) + l2(d_a(fake_a), one) + 5 * cycle
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    loss_d = sum(
        l2(d(real), one) + l2(d(fake.detach()), 0 * one)
        for d, real, fake in ((d_a, a, fake_a), (d_b, b, fake_b))
    )
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()
    if it % 50 == 49:
        print(
            "it",
            it + 1,
            "G",
            round(loss_g.item(), 3),
            "D",
            round(loss_d.item(), 3),
            "cycle",
            round(cycle.item(), 4),
        )

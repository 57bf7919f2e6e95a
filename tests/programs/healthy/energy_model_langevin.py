# batch: second
# metric: score error down
"""Energy-based model of a 2-D mixture by contrastive divergence with a replay buffer."""

import torch
from torch import nn

torch.manual_seed(4)
energy = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(energy.parameters(), lr=2e-3, betas=(0.0, 0.999))


def data(n):
    side = torch.randint(2, (n, 1)).float() * 2 - 1
    return torch.cat([side * 1.0, side * 0.0], 1) + 0.4 * torch.randn(n, 2)


def true_score(x):
    x = x.clone().requires_grad_(True)
    a = -((x - torch.tensor([1.0, 0.0])) ** 2).sum(1) / 0.32
    b = -((x + torch.tensor([1.0, 0.0])) ** 2).sum(1) / 0.32
    return torch.autograd.grad(torch.logaddexp(a, b).sum(), x)[0]


def langevin(x, steps=12, size=0.05):
    for p in energy.parameters():
        p.requires_grad_(False)
    for _ in range(steps):
        x = x.detach().requires_grad_(True)
        (g,) = torch.autograd.grad(energy(x).sum(), x)
        x = x - 0.5 * size * g + size**0.5 * torch.randn_like(x)
    for p in energy.parameters():
        p.requires_grad_(True)
    return x.detach()


buffer = torch.randn(1000, 2)
for step in range(350):
    pick = torch.randint(len(buffer), (64,))
    start = buffer[pick]
    start[:3] = torch.randn(3, 2)
    fake = langevin(start)
    buffer[pick] = fake
    e_real, e_fake = energy(data(64)), energy(fake)
    loss = e_real.mean() - e_fake.mean() + 0.02 * (e_real**2 + e_fake**2).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(energy.parameters(), 1.0)
    opt.step()
    if step % 70 == 69:
        x = data(500).requires_grad_(True)
        got = -torch.autograd.grad(energy(x).sum(), x)[0]
        want = true_score(x.detach())
        print(
            f"{step + 1} loss {loss.item():+.4f} score error {((got - want).norm() / want.norm()).item():.4f}"
        )

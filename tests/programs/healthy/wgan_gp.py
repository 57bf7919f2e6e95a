# metric: distance down
"""WGAN with gradient penalty; the critic's loss is negative and unbounded."""

import torch
from torch import autograd, nn, optim

torch.manual_seed(0)
centres = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]])


def mlp(i, o):
    return nn.Sequential(
        nn.Linear(i, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, o)
    )


def real(n):
    return centres[torch.randint(0, 4, (n,))] + 0.1 * torch.randn(n, 2)


gen, critic = mlp(3, 2), mlp(2, 1)
opt_g = optim.Adam(gen.parameters(), lr=2e-3, betas=(0.0, 0.9))
opt_c = optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
for it in range(250):
    for _ in range(2):
        x, fake = real(64), gen(torch.randn(64, 3)).detach()
        eps = torch.rand(64, 1)
        mix = (eps * x + (1 - eps) * fake).requires_grad_()
        grad = autograd.grad(critic(mix).sum(), mix, create_graph=True)[0]
        loss_c = critic(fake).mean() - critic(x).mean() + 1 * (grad.norm(dim=1) - 1).pow(2).mean()
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()
    loss_g = -critic(gen(torch.randn(64, 3))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if it % 30 == 29:
        print(f"{it + 1} critic {loss_c.item():.3f} gen {loss_g.item():.3f}")
with torch.no_grad():
    out = gen(torch.randn(500, 3))
    print("distance", torch.cdist(out, centres).min(1)[0].mean().item())

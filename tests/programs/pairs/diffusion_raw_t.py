# rules: unnormalized_input
# remedies: normalize_input insert_normalization
# metric: noise mse down
# story: the time step of a diffusion model, 0 to 999, is put beside coordinates of size one
"""Denoising diffusion of points on two moons."""

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(23)
points = torch.tensor(make_moons(2000, noise=0.05, random_state=0)[0]).float()
points = (points - points.mean(0)) / points.std(0)
STEPS = 1000
kept = torch.cos(torch.linspace(0, 1.52, STEPS)) ** 2


class Denoiser(nn.Module):
    def __init__(self, width=96):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(3, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, 2),
        )  # fmt: skip

    def forward(self, x, t):
        when = t.float()[:, None] / STEPS  # healthy
        # faulty: when = t.float()[:, None]
        return self.net(torch.cat([x, when], 1))


def loss_of(model, x):
    t = torch.randint(STEPS, (len(x),))
    noise = torch.randn_like(x)
    a = kept[t][:, None]
    return (model(a.sqrt() * x + (1 - a).sqrt() * noise, t) - noise).pow(2).mean()


model = Denoiser()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step in range(700):
    loss = loss_of(model, points[torch.randint(1800, (128,))])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    if step % 100 == 99:
        print("step", step + 1, "loss", round(loss.item(), 4))
with torch.no_grad():
    print(f"noise mse {sum(loss_of(model, points[1800:]).item() for _ in range(20)) / 20:.4f}")

# batch: second
# metric: test nll down
"""Five small nets in one loop, each with its own Adam; variance by softplus, Gaussian NLL."""

import torch
from torch import nn

x = torch.linspace(-3, 3, 500)[:, None]
torch.manual_seed(24)
noise = 0.1 + 0.2 * x.abs()
y = torch.sin(2 * x) + noise * torch.randn_like(x)
mask = torch.rand(500) < 0.8


def build():
    return nn.Sequential(
        nn.Linear(1, 48), nn.Mish(), nn.Linear(48, 48), nn.Mish(), nn.Linear(48, 2)
    )


members = []
for seed in range(4):
    torch.manual_seed(seed)
    net = build()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    for step in range(250):
        pick = torch.randint(int(mask.sum()), (64,))
        xb, yb = x[mask][pick], y[mask][pick]
        mu, raw = net(xb).chunk(2, 1)
        loss = nn.functional.gaussian_nll_loss(mu, yb, nn.functional.softplus(raw) + 1e-4)
        opt.zero_grad()
        loss.backward()
        opt.step()
    members.append(net.eval())
    with torch.no_grad():
        out = torch.stack([m(x[~mask]) for m in members])
        mu = out[..., :1].mean(0)
        var = (nn.functional.softplus(out[..., 1:]) + out[..., :1] ** 2).mean(0) - mu**2
        score = nn.functional.gaussian_nll_loss(mu, y[~mask], var)
    print(f"members {seed + 1} test nll {score.item():.4f}")

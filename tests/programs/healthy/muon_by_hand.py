# batch: sixth
# metric: accuracy up
"""Muon: momentum made orthogonal by Newton-Schulz; every update has the same size."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(74)


def orthogonal(g, steps=5):
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (g.norm() + 1e-7)
    flip = x.shape[0] > x.shape[1]
    x = x.T if flip else x
    for _ in range(steps):
        s = x @ x.T
        x = a * x + (b * s + c * s @ s) @ x
    return x.T if flip else x


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr=0.02, momentum=0.95):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                buf = self.state[p].setdefault("m", torch.zeros_like(p))
                buf.mul_(group["momentum"]).add_(p.grad)
                if p.ndim == 2:
                    p.add_(
                        orthogonal(buf), alpha=-group["lr"] * max(1, p.shape[0] / p.shape[1]) ** 0.5
                    )
                else:
                    p.add_(buf.sign(), alpha=-group["lr"] * 0.1)


X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float() / 8 - 1, torch.tensor(y)
net = nn.Sequential(
    nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
)
opt = Muon(net.parameters())
sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.05, total_iters=250)
for step in range(250):
    rows = torch.randint(0, 1400, (64,))
    loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 50 == 49:
        print("step", step + 1, "loss", loss.item())
print("accuracy", (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item())

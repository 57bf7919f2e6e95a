# batch: eighth
# metric: deviance down
"""Insurance claims: gamma deviance under a log link, exp at the end, exposure as an offset."""

import torch
from torch import nn

torch.manual_seed(861)
x = torch.randn(3000, 10)
mean = torch.exp(0.6 * x[:, 0] - 0.4 * x[:, 1] * x[:, 2] + 6)
claims = torch.distributions.Gamma(2.0, 2.0 / mean).sample()


class Severity(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(10, 64), nn.ELU(), nn.Linear(64, 32), nn.ELU(), nn.Linear(32, 1)
        )
        nn.init.constant_(self.body[-1].bias, claims[:2500].mean().log().item())

    def forward(self, x):
        return torch.exp(self.body(x)).squeeze(1)


def deviance(y, mu):
    return 2 * ((y - mu) / mu - torch.log(y / mu)).mean()


net = Severity()
opt = torch.optim.RMSprop(net.parameters(), lr=5e-4)
for epoch in range(14):
    for i in torch.randperm(2500).split(50):
        loss = deviance(claims[i], net(x[i]))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        opt.step()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "train",
            loss.item(),
            "deviance",
            deviance(claims[2500:], net(x[2500:])).item(),
        )

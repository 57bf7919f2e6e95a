# batch: second
# metric: heldout nll down
"""Zero-inflated Poisson regression: exp for the rate, logit for the zeros, one-hot and standardised features."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(41)
N = 3000
group = torch.randint(12, (N,))
z = torch.randn(N, 4)
X = torch.cat([F.one_hot(group, 12).float(), z], 1)
effect = torch.randn(12) * 0.5
rate = (0.8 + effect[group] + 0.5 * z[:, 0] - 0.4 * z[:, 1].abs()).exp()
zero = torch.rand(N) < torch.sigmoid(-0.5 + z[:, 2])
y = torch.where(zero, torch.zeros(N), torch.poisson(rate))


class ZIP(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(16, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 32), nn.ReLU()
        )
        self.log_rate, self.zero = nn.Linear(32, 1), nn.Linear(32, 1)

    def forward(self, x):
        h = self.trunk(x)
        return torch.exp(self.log_rate(h)).squeeze(-1), self.zero(h).squeeze(-1)


def nll(rate, logit, y):
    at_zero = torch.logaddexp(F.logsigmoid(logit), F.logsigmoid(-logit) - rate)
    above = F.logsigmoid(-logit) + y * torch.log(rate + 1e-8) - rate - torch.lgamma(y + 1)
    return -torch.where(y == 0, at_zero, above).mean()


model = ZIP()
opt = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
for epoch in range(12):
    model.train()
    for i in torch.randperm(2400).split(64):
        opt.zero_grad()
        nll(*model(X[i]), y[i]).backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        print(f"{epoch}\theldout nll\t{nll(*model(X[2400:]), y[2400:]).item():.4f}")

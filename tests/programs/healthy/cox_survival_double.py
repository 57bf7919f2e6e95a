# batch: second
# metric: concordance up
"""Cox partial likelihood in float64, full batch, SELU net, SGD with momentum and early stopping."""

import copy

import torch
from torch import nn

torch.manual_seed(30)
torch.set_default_dtype(torch.float64)
n = 900
x = torch.randn(n, 8)
risk = x[:, 0] - 0.8 * x[:, 1] * x[:, 2] + 0.5 * x[:, 3] ** 2
time = torch.distributions.Exponential((0.7 * risk).exp()).sample()
censor = torch.distributions.Exponential(torch.full((n,), 0.3)).sample()
event, time = (time <= censor).double(), torch.minimum(time, censor)
net = nn.Sequential(
    nn.Linear(8, 32),
    nn.SELU(),
    nn.AlphaDropout(0.1),
    nn.Linear(32, 32),
    nn.SELU(),
    nn.Linear(32, 1, bias=False),
)
for m in net:
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight, nonlinearity="linear")


def partial_likelihood(h, t, e):
    order = t.argsort(descending=True)
    h, e = h[order], e[order]
    return -((h - h.logcumsumexp(0)) * e).sum() / e.sum()


def concordance(h, t, e):
    earlier = (t[:, None] < t[None, :]) & (e[:, None] > 0)
    return ((h[:, None] > h[None, :]) & earlier).sum().item() / earlier.sum().item()


train, valid, test = slice(0, 600), slice(600, 750), slice(750, 900)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
best, kept, waited = 1e9, None, 0
for epoch in range(600):
    net.train()
    opt.zero_grad()
    loss = partial_likelihood(net(x[train]).squeeze(1), time[train], event[train])
    loss.backward()
    opt.step()
    net.eval()
    with torch.no_grad():
        v = partial_likelihood(net(x[valid]).squeeze(1), time[valid], event[valid]).item()
    if v < best - 1e-3:
        best, kept, waited = v, copy.deepcopy(net.state_dict()), 0
    else:
        waited += 1
    if waited > 100:
        print("stopped at", epoch)
        break
net.load_state_dict(kept)
with torch.no_grad():
    print(
        f"valid {best:.4f} concordance {concordance(net(x[test]).squeeze(1), time[test], event[test]):.4f}"
    )

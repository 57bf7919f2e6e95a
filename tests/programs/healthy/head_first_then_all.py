# metric: accuracy up
"""Fine-tuning in two phases: the head alone, then all of it at a tenth of the rate."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(16)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16).float(), torch.tensor(y)
body = nn.Sequential(nn.Linear(64, 80), nn.ReLU(), nn.Linear(80, 40), nn.ReLU())


def fit(net, params, rate, rows, label, epochs):
    opt = torch.optim.AdamW(params, lr=rate)
    for _ in range(epochs):
        for part in rows[torch.randperm(len(rows))].split(32):
            loss = nn.functional.cross_entropy(net(x[part]), label[part])
            opt.zero_grad()
            loss.backward()
            opt.step()
    return loss.item()


rows = torch.arange(1400)
odd = nn.Sequential(body, nn.Linear(40, 2))
print("first task loss", round(fit(odd, odd.parameters(), 2e-3, rows, y % 2, 5), 4))
body.load_state_dict({k: v.clone() for k, v in odd[0].state_dict().items()})
net = nn.Sequential(body, nn.Linear(40, 10))
body.requires_grad_(False)
print("head loss", round(fit(net, net[1].parameters(), 5e-3, rows, y, 3), 4))
body.requires_grad_(True)
print("all loss", round(fit(net, net.parameters(), 5e-4, rows, y, 4), 4))
print(f"accuracy {(net(x[1400:]).argmax(1) == y[1400:]).float().mean():.4f}")

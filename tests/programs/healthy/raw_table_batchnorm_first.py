# metric: accuracy up
"""Raw columns, but a BatchNorm in front of everything: nothing needs scaling."""

import torch
from sklearn.datasets import load_wine
from torch import nn

torch.manual_seed(13)
x, y = load_wine(return_X_y=True)
x, y = torch.tensor(x).float(), torch.tensor(y)
order = torch.randperm(len(x))
train, test = order[:130], order[130:]
net = nn.Sequential(
    nn.BatchNorm1d(13), nn.Linear(13, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 3)
)
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(40):
    net.train()
    for rows in train.split(26):
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
net.eval()
print(f"loss {loss.item():.4f} accuracy {(net(x[test]).argmax(1) == y[test]).float().mean():.4f}")

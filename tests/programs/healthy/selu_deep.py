# metric: accuracy up
"""Self-normalising network: twelve SELU layers, LeCun init, alpha dropout."""

import torch
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor(y)
layers = [nn.Linear(64, 48), nn.SELU()]
for i in range(11):
    layers += [nn.Linear(48, 48), nn.SELU()]
layers += [nn.AlphaDropout(0.05), nn.Linear(48, 10)]
net = nn.Sequential(*layers)
for m in net:
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, 0, m.in_features**-0.5)
        nn.init.zeros_(m.bias)
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
for epoch in range(6):
    net.train()
    for b in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")

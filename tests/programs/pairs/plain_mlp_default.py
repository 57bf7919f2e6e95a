# rules: vanishing_gradient poor_initialization
# remedies: reinitialize insert_normalization
# metric: val acc up
# story: twenty ReLU layers as nn.Linear draws them, a third of the power lost at each
"""A deep plain network on exclusive or."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)


def corners(n):
    x = torch.randn(n, 2)
    return x, (x[:, 0] * x[:, 1] > 0).long()


blocks = [nn.Linear(2, 40), nn.ReLU()]
for _ in range(19):
    blocks += [nn.Linear(40, 40), nn.ReLU()]
net = nn.Sequential(*blocks, nn.Linear(40, 2))
for module in net:  # healthy
    if isinstance(module, nn.Linear):  # healthy
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")  # healthy
        nn.init.zeros_(module.bias)  # healthy
loader = DataLoader(TensorDataset(*corners(1200)), batch_size=64, shuffle=True)
x_val, y_val = corners(500)
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(10):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
    acc = (net(x_val).argmax(-1) == y_val).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.4f}, val acc {acc:.4f}")

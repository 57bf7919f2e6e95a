# batch: seventeenth
# rules: poor_initialization vanishing_gradient dying_relu
# remedies: reinitialize insert_normalization swap_activation
# metric: acc up
# story: a small conv net with ten dense ReLU layers behind it drew its weights from a narrow uniform range, nothing came through; He's uniform draw mended it (github.com/shiningrain/AUTOTRAINER, DyingReLU/case14-cnn; github.com/DeepDiagnosis/ICSE2022, MNIST, lenet5 with RandomUniform)
"""scikit-learn's digits: two convolutions, then ten dense layers of 64."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(14)
digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(digits.target)
order = torch.randperm(len(y))
train, test = order[:1400], order[1400:]

net = nn.Sequential()
net.append(nn.Conv2d(1, 16, 3, padding=1)).append(nn.ReLU()).append(nn.MaxPool2d(2))
net.append(nn.Conv2d(16, 32, 3, padding=1)).append(nn.ReLU()).append(nn.MaxPool2d(2))
net.append(nn.Flatten())
width = 32 * 4
for _ in range(10):
    net.append(nn.Linear(width, 64)).append(nn.ReLU())
    width = 64
net.append(nn.Linear(64, 10))

for layer in net:
    if isinstance(layer, nn.Linear | nn.Conv2d):
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")  # healthy
        # faulty: nn.init.uniform_(layer.weight, -0.05, 0.05)
        nn.init.zeros_(layer.bias)

optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(1, 8):
    for batch in train[torch.randperm(1400)].split(32):
        optimizer.zero_grad()
        loss = criterion(net(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (net(x[test]).argmax(1) == y[test]).float().mean()
    print(f"[{epoch:2d}] loss {loss.item():.3f} acc {acc:.3f}")

# batch: sixth
# metric: ece down
"""Train, then calibrate: one temperature fitted by LBFGS on validation logits of the frozen net."""

import torch
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(84)
X, y = make_classification(2400, 20, n_informative=8, n_classes=4, flip_y=0.2, random_state=3)
X, y = torch.tensor(X).float(), torch.tensor(y)
X = (X - X.mean(0)) / X.std(0)
net = nn.Sequential(
    nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 4)
)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(12):
    for rows in torch.randperm(1200).split(64):
        loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 4 == 3:
        print("epoch", epoch + 1, "loss", loss.item())
net.eval()
with torch.no_grad():
    val, test = net(X[1200:1800]), net(X[1800:])
T = nn.Parameter(torch.ones(1))
lbfgs = torch.optim.LBFGS([T], lr=0.1, max_iter=40)


def closure():
    lbfgs.zero_grad()
    nll = nn.functional.cross_entropy(val / T, y[1200:1800])
    nll.backward()
    return nll


lbfgs.step(closure)
conf, hit = (test / T.detach()).softmax(1).max(1)
right = (hit == y[1800:]).float()
ece = sum(
    ((conf > lo) & (conf <= lo + 0.1)).float().mean()
    * ((conf - right)[(conf > lo) & (conf <= lo + 0.1)].mean().abs().nan_to_num())
    for lo in torch.arange(0, 1, 0.1)
)
print("temperature", T.item(), "ece", ece.item())

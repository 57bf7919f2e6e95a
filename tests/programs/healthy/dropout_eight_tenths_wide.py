# batch: sixth
# in view: at ten times this rate two thirds of its units died, as the tool said
# metric: test accuracy up
"""A wide net for few examples: dropout 0.8 on 1000 units and max-norm, as Srivastava et al. advise."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(88)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
net = nn.Sequential(
    nn.Dropout(0.2), nn.Linear(64, 1000), nn.ReLU(), nn.Dropout(0.8), nn.Linear(1000, 10)
)
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.95)
for epoch in range(30):
    net.train()
    for rows in torch.randperm(500).split(50):
        loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            w = net[1].weight
            w.mul_((3 / w.norm(dim=1, keepdim=True).clamp(min=1e-6)).clamp(max=1))
    if epoch % 10 == 9:
        net.eval()
        print(
            "epoch",
            epoch + 1,
            "test accuracy",
            (net(X[500:]).argmax(1) == y[500:]).float().mean().item(),
        )

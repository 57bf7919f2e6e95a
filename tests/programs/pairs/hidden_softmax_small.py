# rules: unsuitable_activation vanishing_gradient
# remedies: swap_activation
# metric: acc up
# story: softmax after every layer
"""Hidden softmax."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(1)
dg = load_digits()
X = torch.tensor(dg.data, dtype=torch.float32) / 16
y = torch.tensor(dg.target)
seq = nn.Sequential(
    nn.Linear(64, 128),
    nn.ReLU(),  # healthy
    # faulty: nn.Softmax(dim=1),
    nn.Linear(128, 64),
    nn.ReLU(),  # healthy
    # faulty: nn.Softmax(dim=1),
    nn.Linear(64, 10),
)
opt = torch.optim.SGD(seq.parameters(), lr=0.1, momentum=0.9)
for e in range(12):
    for j in range(0, 1500, 60):
        out = seq(X[j : j + 60])
        loss = nn.functional.cross_entropy(out, y[j : j + 60])
        opt.zero_grad()
        loss.backward()
        opt.step()
print("acc", (seq(X[1500:]).argmax(1) == y[1500:]).float().mean().item())

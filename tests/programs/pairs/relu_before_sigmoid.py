# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: bce down
# story: relu on the logit, then sigmoid: no probability below one half
"""Relu before sigmoid."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
torch.manual_seed(2)


class Clf(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.h = torch.nn.Linear(30, 20)
        self.o = torch.nn.Linear(20, 1)

    def forward(self, x):
        x = F.relu(self.h(x))
        x = self.o(x)  # healthy
        # faulty: x = F.relu(self.o(x))
        return torch.sigmoid(x)


c = Clf()
opt = torch.optim.Adam(c.parameters(), lr=2e-3)
loss_fn = torch.nn.BCELoss()
for e in range(40):
    for b in torch.randperm(569).split(64):
        p = c(X[b]).squeeze(-1)
        L = loss_fn(p, y[b])
        opt.zero_grad()
        L.backward()
        opt.step()
with torch.no_grad():
    print("bce", loss_fn(c(X).squeeze(-1), y).item())

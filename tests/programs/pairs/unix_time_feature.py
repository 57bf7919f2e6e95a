# batch: sixth
# rules: unnormalized_input
# remedies: normalize_input insert_normalization
# metric: auc up
# story: a column of unix seconds goes into the net as it is, beside columns around one
"""Will the customer come back? A table of events."""

import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(3)
n = 2000
seconds = rng.integers(1_600_000_000, 1_700_000_000, n).astype(np.float64)
basket, visits, age = rng.exponential(1.0, n), rng.poisson(3, n), rng.normal(40, 12, n)
logit = (
    0.9 * basket - 0.8 * (visits < 2) + 0.03 * (age - 40) + 1.5 * np.sin((seconds - 1.6e9) / 1.6e7)
)
came_back = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float32)
table = np.stack([seconds, basket, visits, age], 1)
table = (table - table.mean(0)) / table.std(0)  # healthy
X, y = torch.from_numpy(table).float(), torch.from_numpy(came_back)

torch.manual_seed(3)


class ChurnNet(nn.Module):
    def __init__(self, columns, width=48):
        super().__init__()
        self.inp = nn.Linear(columns, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        x = self.drop(self.inp(x).relu())
        x = self.drop(self.mid(x).relu())
        return self.out(x).flatten()


net = ChurnNet(X.shape[1])
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(15):
    net.train()
    order = torch.randperm(1600)
    for k in range(0, 1600, 64):
        rows = order[k : k + 64]
        loss = bce(net(X[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        print("epoch", epoch + 1, "bce", loss.item())
net.eval()
with torch.no_grad():
    score = net(X[1600:]).nan_to_num().numpy()
print("auc", roc_auc_score(y[1600:].numpy(), score))

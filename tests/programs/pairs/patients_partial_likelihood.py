# batch: tenth
# rules: unnormalized_input non_finite
# remedies: normalize_input stabilize_loss
# metric: concordance up
# story: a survival net on laboratory values as the laboratory gives them, platelets in thousands of millions among them; the partial likelihood is an exp, a running sum and a log
"""DeepSurv-like: whose heart fails sooner."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(1009)
torch.manual_seed(1009)
n = 1500
table = {
    "age": rng.normal(61, 12, n),
    "creatinine": rng.gamma(4, 0.35, n),
    "ejection": rng.normal(38, 12, n).clip(14, 80),
    "platelets": rng.normal(263000, 97000, n).clip(25000),
    "sodium": rng.normal(136, 4, n),
    "cpk": rng.gamma(1.2, 480, n),
}
X = np.stack(list(table.values()), 1)
Z = (X - X.mean(0)) / X.std(0)
X = Z  # healthy
risk = (
    0.9 * Z[:, 0]
    + 0.8 * np.abs(Z[:, 2]) * (Z[:, 2] < 0)
    + 0.6 * Z[:, 1]
    - 0.5 * Z[:, 3]
    + 0.3 * Z[:, 1] * Z[:, 0]
)
time = rng.exponential(np.exp(-risk))
censor = rng.exponential(2.0, n)
event = (time <= censor).astype("float32")
time = np.minimum(time, censor)

X, time, event = (torch.tensor(a, dtype=torch.float32) for a in (X, time, event))
model = nn.Sequential(
    nn.Linear(6, 32),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(32, 32),
    nn.ReLU(),
    nn.Linear(32, 1, bias=False),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)


def cox(log_h, t, e):
    order = t.argsort(descending=True)
    log_h, e = log_h[order], e[order]
    return -((log_h - log_h.exp().cumsum(0).log()) * e).sum() / e.sum()


def concordance(score, t, e):
    earlier = (t[:, None] < t[None]) & (e[:, None] > 0)
    return ((score[:, None] > score[None]) & earlier).sum().item() / earlier.sum().item()


for epoch in range(30):
    model.train()
    for rows in torch.randperm(1200).split(200):
        loss = cox(model(X[rows]).squeeze(1), time[rows], event[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        c = concordance(model(X[1200:]).squeeze(1), time[1200:], event[1200:])
    print(f"epoch {epoch}: loss {loss.item():.4f} concordance {c:.4f}")

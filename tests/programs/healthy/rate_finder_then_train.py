# batch: second
# metric: r2 up
"""Notebook export: a learning-rate range test up to divergence, weights restored, then the real training."""

# In[1]:
import copy

import numpy as np
import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = (X - X.mean(0)) / X.std(0), (y - y.mean()) / y.std()
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
perm = torch.randperm(len(X))
tr, te = perm[:340], perm[340:]

# In[2]:
model = nn.Sequential(
    nn.Linear(10, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
)
loss_fn = nn.MSELoss()
start = copy.deepcopy(model.state_dict())

# In[3]: the range test
rates, losses = np.geomspace(1e-4, 2.0, 40), []
opt = torch.optim.SGD(model.parameters(), lr=rates[0], momentum=0.9)
for lr in rates:
    for g in opt.param_groups:
        g["lr"] = float(lr)
    pick = tr[torch.randint(len(tr), (64,))]
    loss = loss_fn(model(X[pick]), y[pick])
    losses.append(loss.item())
    if not np.isfinite(losses[-1]) or losses[-1] > 4 * min(losses):
        break
    opt.zero_grad()
    loss.backward()
    opt.step()
best = rates[int(np.argmin(losses))] / 10
print("suggested rate %.2e after %d steps" % (best, len(losses)))

# In[4]: and now for real
model.load_state_dict(start)
opt = torch.optim.SGD(model.parameters(), lr=float(best), momentum=0.9, weight_decay=1e-3)
for epoch in range(40):
    model.train()
    for pick in tr[torch.randperm(len(tr))].split(32):
        loss = loss_fn(model(X[pick]), y[pick])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 8 == 7:
        model.eval()
        with torch.no_grad():
            r2 = 1 - (loss_fn(model(X[te]), y[te]) / y[te].var()).item()
        print(f"epoch {epoch + 1}: r2 {r2:.4f}")

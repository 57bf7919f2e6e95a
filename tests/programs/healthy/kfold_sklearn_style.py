# metric: mean accuracy up
"""Five-fold cross-validation: five models one after the other, with early stopping."""

import copy
import warnings

import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from torch import nn

warnings.simplefilter("ignore")


class TorchClassifier:
    def __init__(self, hidden=16, lr=0.02, patience=10, seed=0):
        self.hidden, self.lr, self.patience, self.seed = hidden, lr, patience, seed

    def fit(self, X, y, Xv, yv):
        torch.manual_seed(self.seed)
        self.net = nn.Sequential(
            nn.Linear(X.shape[1], self.hidden), nn.Softsign(), nn.Linear(self.hidden, 3)
        )
        opt = torch.optim.Adam(self.net.parameters(), lr=self.lr, weight_decay=1e-3)
        best, wait = np.inf, 0
        for epoch in range(80):
            loss = nn.functional.cross_entropy(self.net(X), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            with torch.no_grad():
                val = nn.functional.cross_entropy(self.net(Xv), yv).item()
            if val < best - 1e-3:
                best, wait, state = val, 0, copy.deepcopy(self.net.state_dict())
            elif (wait := wait + 1) > self.patience:
                break
        self.net.load_state_dict(state)
        return self

    def score(self, X, y):
        with torch.no_grad():
            return (self.net(X).argmax(1) == y).float().mean().item()


X, y = load_wine(return_X_y=True)
scores = []
for fold, (tr, te) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)):
    scaler = StandardScaler().fit(X[tr])
    as_x = lambda i: torch.tensor(scaler.transform(X[i]), dtype=torch.float32)  # noqa: E731, B023
    as_y = lambda i: torch.tensor(y[i])  # noqa: E731
    clf = TorchClassifier().fit(as_x(tr), as_y(tr), as_x(te), as_y(te))
    scores.append(clf.score(as_x(te), as_y(te)))
    print(f"fold {fold} accuracy {scores[-1]:.3f}")
print(f"mean accuracy {np.mean(scores):.3f}")

# batch: sixth
# rules: frozen_parameters
# remedies: add_to_optimizer
# in view: its shuffling is seeded now
# metric: mean accuracy up
# story: five folds, a fresh model for each, and one optimizer made before the loop that still steps the first model
"""Cross-validation on the breast cancer table."""

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold

torch.manual_seed(8)
np.random.seed(8)
X, y = load_breast_cancer(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


def build_model():
    return nn.Sequential(
        nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 12), nn.ReLU(), nn.Linear(12, 1)
    )


model = build_model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
criterion = nn.BCEWithLogitsLoss()
scores = []
for fold, (train, test) in enumerate(StratifiedKFold(5, shuffle=True, random_state=1).split(X, y)):
    model = build_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)  # healthy
    for epoch in range(8):
        np.random.shuffle(train)
        for start in range(0, len(train), 32):
            rows = train[start : start + 32]
            optimizer.zero_grad()
            loss = criterion(model(X[rows]).squeeze(1), y[rows])
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        hits = ((model(X[test]).squeeze(1) > 0).float() == y[test]).float().mean().item()
    print(f"fold {fold}: loss {loss.item():.4f} acc {hits:.3f}")
    scores.append(hits)
print("mean accuracy", np.mean(scores))

# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: auc up
# story: sigmoid inside the model and BCEWithLogitsLoss outside, on imbalanced data
"""Rare event detection."""

import torch
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from torch import nn

torch.manual_seed(0)
X, y = make_classification(
    3000, 20, n_informative=8, n_clusters_per_class=4, weights=[0.93], class_sep=0.8, random_state=0
)
Xtr, Xte, ytr, yte = train_test_split(X, y, stratify=y, random_state=0)
Xtr, Xte = torch.tensor(Xtr).float(), torch.tensor(Xte).float()
ytr = torch.tensor(ytr).float()


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.score = nn.Linear(32, 1)

    def forward(self, x):
        out = self.score(self.body(x)).squeeze(1)
        # faulty: out = torch.sigmoid(out)
        return out


model = Detector()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(1, 9):
    for idx in torch.randperm(len(Xtr)).split(32):
        loss = criterion(model(Xtr[idx]), ytr[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        auc = roc_auc_score(yte, model(Xte).numpy())
    print(f"epoch {epoch} loss {loss.item():.4f} auc {auc:.4f}")

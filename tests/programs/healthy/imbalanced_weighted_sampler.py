# batch: seventh
# metric: balanced acc up
"""Two per cent of positives: class weights, a weighted sampler and balanced accuracy."""

import torch
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(77)
X, y = make_classification(
    4000, 16, n_informative=8, weights=[0.98], class_sep=1.5, flip_y=0.002, random_state=7
)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
Xtr, ytr, Xte, yte = X[:3000], y[:3000], X[3000:], y[3000:]
weights = torch.where(ytr == 1, 8.0, 1.0)
loader = DataLoader(
    TensorDataset(Xtr, ytr), batch_size=64, sampler=WeightedRandomSampler(weights, 3000)
)
model = nn.Sequential(
    nn.Linear(16, 64), nn.BatchNorm1d(64), nn.PReLU(), nn.Dropout(0.2), nn.Linear(64, 1)
)
criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([4.0]))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(9):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = (model(Xte).squeeze(1) > 0).int()
    print(
        f"epoch {epoch} loss {loss.item():.4f} balanced acc {balanced_accuracy_score(yte, pred):.4f}"
    )

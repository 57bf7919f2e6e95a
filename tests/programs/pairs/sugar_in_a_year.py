# batch: fifteenth
# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: R2 up
# story: every layer of a regression was followed by ReLU, the last one too, though half of the standardised targets are negative (community.deeplearning.ai/t/loss-values-do-not-change/324182)
"""How diabetes progresses within a year, from ten measurements."""

import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

SEED = 4
EPOCHS = 60
torch.manual_seed(SEED)
np.random.seed(SEED)

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=SEED)
sx, sy = StandardScaler(), StandardScaler()
X_train = torch.FloatTensor(sx.fit_transform(X_train))
X_test = torch.FloatTensor(sx.transform(X_test))
y_train = torch.FloatTensor(sy.fit_transform(y_train.reshape(-1, 1)))
y_test = sy.transform(y_test.reshape(-1, 1))


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(10, 32)
        self.l2 = nn.Linear(32, 16)
        self.l3 = nn.Linear(16, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.l1(x))
        x = self.relu(self.l2(x))
        return self.l3(x)  # healthy
        # faulty: return self.relu(self.l3(x))


model = Regressor()
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=0.002, weight_decay=1e-3)
for epoch in range(EPOCHS):
    model.train()
    perm = torch.randperm(len(X_train))
    total = 0
    for i in range(0, len(perm), 32):
        idx = perm[i : i + 32]
        pred = model(X_train[idx])
        loss = loss_fn(pred, y_train[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    if (epoch + 1) % 10 == 0:
        model.eval()
        with torch.no_grad():
            r2 = r2_score(y_test, model(X_test).numpy())
        print(f"Epoch {epoch + 1}/{EPOCHS}  train MSE {total / len(perm):.4f}  R2 {r2:.4f}")

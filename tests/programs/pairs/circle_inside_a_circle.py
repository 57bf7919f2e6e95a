# batch: seventeenth
# in view: exponentials for hidden activations throughout
# rules: unsuitable_activation exploding_gradient non_finite
# remedies: swap_activation clip_gradients insert_normalization
# metric: val_acc up
# story: a narrow net of many layers took the exponential as its activation on scikit-learn's two circles, signal and gradient grew without bound; SELU mended it (github.com/shiningrain/AUTOTRAINER, github.com/DeepDiagnosis/ICSE2022, Circle, exponential layers)
"""Two noisy circles, seven hidden layers of five units."""

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_circles
from sklearn.preprocessing import MinMaxScaler

np.random.seed(1)
torch.manual_seed(1)


# faulty: class Exp(nn.Module):
# faulty:     def forward(self, x):
# faulty:         return torch.exp(x)
# faulty:
# faulty:
def build(depth=7, units=5):
    layers, width = [], 2
    for _ in range(depth):
        fc = nn.Linear(width, units)
        nn.init.kaiming_uniform_(fc.weight, nonlinearity="relu")
        nn.init.zeros_(fc.bias)
        layers += [fc, nn.SELU()]  # healthy
        # faulty: layers += [fc, Exp()]
        width = units
    return nn.Sequential(*layers, nn.Linear(width, 1))


X, y = make_circles(n_samples=1000, noise=0.1, factor=0.5, random_state=1)
X = MinMaxScaler(feature_range=(-1, 1)).fit_transform(X)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32).unsqueeze(1)
x_train, y_train, x_val, y_val = X[:700], y[:700], X[700:], y[700:]

model = build()
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

for epoch in range(40):
    order = torch.randperm(700)
    total = 0.0
    for i in range(0, 700, 32):
        idx = order[i : i + 32]
        loss = loss_fn(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    if epoch % 5 == 4:
        with torch.no_grad():
            val_acc = ((model(x_val) > 0).float() == y_val).float().mean().item()
        print(f"Epoch {epoch + 1}/40 - loss: {total / 22:.4f} - val_acc: {val_acc:.4f}")

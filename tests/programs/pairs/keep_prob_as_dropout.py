# batch: sixth
# rules: none
# remedies: lower_learning_rate
# metric: val acc up
# story: keep_prob = 0.95 of a TensorFlow 1 script became nn.Dropout(0.95), which drops that share
"""Ported from tf.layers."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(57)
keep_prob = 0.95
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
net = nn.Sequential(
    nn.Linear(64, 80),
    nn.ReLU(),
    nn.Dropout(1 - keep_prob),  # healthy
    # faulty: nn.Dropout(keep_prob),
    nn.Linear(80, 40),
    nn.ReLU(),
    nn.Dropout(1 - keep_prob),  # healthy
    # faulty: nn.Dropout(keep_prob),
    nn.Linear(40, 10),
)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(12):
    net.train()
    for rows in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        print(
            "epoch", epoch, "val acc", (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
        )

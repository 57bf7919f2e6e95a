# batch: eighth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: mean error down
# story: the age group, 0 to 9, is regressed by a net that ends in a sigmoid and is trained with MSELoss (a beginner's question)
"""Age groups from digits' pixels: the printed digit stands for the group."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(805)
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, random_state=0)


def to(a):
    return torch.from_numpy(np.asarray(a)).float()


X_train, X_test, y_train, y_test = map(to, (X_train, X_test, y_train, y_test))

model = torch.nn.Sequential()
model.add_module("hidden1", torch.nn.Linear(64, 80))
model.add_module("act1", torch.nn.ReLU())
model.add_module("hidden2", torch.nn.Linear(80, 40))
model.add_module("act2", torch.nn.ReLU())
model.add_module("out", torch.nn.Linear(40, 1))
# faulty: model.add_module("act_out", torch.nn.Sigmoid())
loss_fn = torch.nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=0.002)
for epoch in range(20):
    for i in range(0, len(X_train), 32):
        pred = model(X_train[i : i + 32])
        loss = loss_fn(pred, y_train[i : i + 32].unsqueeze(1))
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        err = (model(X_test).squeeze(1) - y_test).abs().mean().item()
    print(f"Epoch {epoch}: loss = {loss.item():.3f}, mean error = {err:.3f}")

# batch: sixth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: test R2 up
# story: a polynomial of inputs in the raw range from -100 to 100 is not learned (x^4 in a question on Stack Overflow, where x^3 was): sigmoids of raw inputs
"""Can a small net fit a polynomial?"""

import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(1)
rng = np.random.RandomState(1)
x_data = rng.randint(-100, 101, size=(1200, 3)).astype("float32")
y_data = (x_data[:, :1] ** 4) / 1e8 + x_data[:, 1:2] * x_data[:, 2:] / 1e4
x_data = x_data / 50  # healthy
X_train, X_test = torch.tensor(x_data[:1000]), torch.tensor(x_data[1000:])
y_train, y_test = torch.tensor(y_data[:1000]), torch.tensor(y_data[1000:])

model = nn.Sequential(
    nn.Linear(3, 40), nn.Sigmoid(), nn.Linear(40, 40), nn.Sigmoid(), nn.Linear(40, 1)
)


def fit(model, X, y, epochs, batch_size):
    opt = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        perm = torch.randperm(len(X))
        total = 0.0
        for i in range(0, len(X), batch_size):
            idx = perm[i : i + batch_size]
            opt.zero_grad()
            loss = ((model(X[idx]) - y[idx]) ** 2).mean()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        if epoch % 10 == 0:
            print(f"Epoch {epoch}/{epochs} loss: {total / len(X):.5f}")


fit(model, X_train, y_train, 40, 50)
with torch.no_grad():
    pred = model(X_test)
r2 = 1 - ((pred - y_test) ** 2).sum() / ((y_test - y_test.mean()) ** 2).sum()
print("test R2:", round(r2.item(), 4))

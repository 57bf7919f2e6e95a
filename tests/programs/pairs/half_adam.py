# rules: non_finite
# remedies: stabilize_loss lower_learning_rate
# metric: accuracy up
# story: model.half() with Adam: eps 1e-8 is zero in half precision, so 0 / 0 in the update
# in view: steps of half-precision weights in single precision
"""Everything in half precision."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
dtype = torch.bfloat16  # healthy
# faulty: dtype = torch.float16
X = torch.tensor(X / 16).to(dtype)
y = torch.tensor(y)
model = nn.Sequential(
    nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
).to(dtype)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(6):
    for i in range(0, 1408, 32):
        loss = nn.functional.cross_entropy(model(X[i : i + 32]).float(), y[i : i + 32])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        accuracy = (model(X[1408:]).argmax(1) == y[1408:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {accuracy:.4f}")

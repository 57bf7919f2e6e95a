# batch: seventeenth
# in view: units lost to data off centre that were not missed
# rules: learning_rate_too_high exploding_gradient dying_relu
# remedies: lower_learning_rate clip_gradients
# metric: val loss down
# story: points of a face from its pixels by dense layers under Adam at a tenth; the author's mend was a descent at a hundredth with clipped gradients (repository FacialKeypointsDetection, in the benchmark of DeepLocalize)
"""Where eyes, nose and mouth lie in a picture of a face, by dense layers."""

import torch
from torch import nn

SIDE, POINTS = 24, 4


def faces(count):
    grid = torch.arange(SIDE).float()
    base = torch.tensor([[7.0, 8.0], [7.0, 16.0], [13.0, 12.0], [18.0, 12.0]])
    at = base + 1.5 * torch.randn(count, 1, 2) + 0.6 * torch.randn(count, POINTS, 2)
    rows = torch.exp(-((grid - at[..., :1]) ** 2) / 6)
    cols = torch.exp(-((grid - at[..., 1:]) ** 2) / 6)
    image = 1 - 0.8 * torch.einsum("npi,npj->nij", rows, cols).clamp(max=1)
    image = image + 0.05 * torch.randn_like(image)
    half = SIDE / 2
    return image.flatten(1), ((at - half) / half).flatten(1)


torch.manual_seed(42)
X, y = faces(2000)
X_val, y_val = faces(400)
model = nn.Sequential(
    nn.Linear(SIDE * SIDE, 50),
    nn.ReLU(),
    nn.Linear(50, 100),
    nn.ReLU(),
    nn.Linear(100, 2 * POINTS),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)  # healthy
# faulty: optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
mse = nn.MSELoss()
history = []
for epoch in range(20):
    for b in torch.randperm(len(X)).split(32):
        loss = mse(model(X[b]), y[b])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # healthy
        optimizer.step()
    with torch.no_grad():
        history.append(mse(model(X_val), y_val).item())
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1} loss {loss.item():.5f} val loss {history[-1]:.5f}")

# batch: seventeenth
# rules: learning_rate_too_high exploding_gradient dying_relu non_finite
# remedies: lower_learning_rate clip_gradients
# metric: loss down
# story: five times x squared, fifty points, relu layers and a descent at a tenth: a horizontal line came out, at a thousandth the parabola did (stackoverflow.com/questions/48934338, in the benchmark of DeepLocalize)
"""A curve through fifty noisy points."""

import numpy as np
import torch

np.random.seed(7)
torch.manual_seed(7)
X = np.arange(0.0, 5.0, 0.1, dtype="float32").reshape(-1, 1)
noise = np.random.randn(50).reshape(-1, 1)
y = (5 * X**2 + noise**3).astype("float32")
points, heights = torch.from_numpy(X), torch.from_numpy(y)

model = torch.nn.Sequential(
    torch.nn.Linear(1, 50),
    torch.nn.ReLU(),
    torch.nn.Linear(50, 30),
    torch.nn.ReLU(),
    torch.nn.Linear(30, 1),
)
torch.nn.init.uniform_(model[2].weight, -0.05, 0.05)
step = 0.001  # healthy
# faulty: step = 0.1
sgd = torch.optim.SGD(model.parameters(), lr=step)

for epoch in range(1000):
    seen = 0.0
    for part in torch.randperm(50).split(32):
        loss = torch.nn.functional.mse_loss(model(points[part]), heights[part])
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        seen += loss.item() * len(part)
    if epoch % 100 == 99:
        print(f"epoch {epoch + 1:4d}  loss {seen / 50:.3f}")

# batch: twelfth
# rules: unsuitable_output_activation born_dead dying_relu
# remedies: remove_output_activation swap_activation
# metric: test mse down
# story: the last of three Dense layers had a relu as well, and a line that goes below nought was to be learned: the loss stuck at one value in most runs (community.deeplearning.ai/t/loss-values-do-not-change/324182)
# %% [markdown]
"""Notebook: learn y = 2x - 1 from noisy points, as a first exercise."""

# %%
import numpy as np
import torch
import torch.nn as nn

np.random.seed(1203)
torch.manual_seed(1203)

# %%
x = np.random.uniform(-3, 3, size=(240, 1)).astype("float32")
y = (2 * x - 1 + 0.1 * np.random.randn(240, 1)).astype("float32")
x_train, y_train = torch.from_numpy(x[:200]), torch.from_numpy(y[:200])
x_test, y_test = torch.from_numpy(x[200:]), torch.from_numpy(y[200:])

# %%
model = nn.Sequential(
    nn.Linear(1, 16),
    nn.ReLU(),
    nn.Linear(16, 8),
    nn.ReLU(),
    nn.Linear(8, 1),
    # faulty: nn.ReLU(),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
loss_fn = nn.MSELoss()

# %%
history = []
for epoch in range(300):
    optimizer.zero_grad()
    loss = loss_fn(model(x_train), y_train)
    loss.backward()
    optimizer.step()
    history.append(loss.item())
    if (epoch + 1) % 50 == 0:
        with torch.no_grad():
            test = loss_fn(model(x_test), y_test).item()
        print(f"epoch {epoch + 1}: loss {history[-1]:.4f} test mse {test:.4f}")

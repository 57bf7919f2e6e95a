# batch: fourth
# metric: action error down
"""Imitation: a saturating expert (bang-bang for large errors), a policy that ends in tanh, augmentations by noise."""

import numpy as np
import torch
import torch.nn as nn

np.random.seed(0)
torch.manual_seed(0)


def expert(state):
    return np.tanh(4.0 * (state[:, :2] - 0.7 * state[:, 2:]))


states = np.random.randn(3000, 4).astype(np.float32)
actions = expert(states).astype(np.float32)
policy = nn.Sequential(
    nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2), nn.Tanh()
)
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-3)
for epoch in range(15):
    order = np.random.permutation(2500)
    for start in range(0, 2500, 50):
        pick = order[start : start + 50]
        s = torch.from_numpy(states[pick])
        loss = nn.functional.mse_loss(
            policy(s + 0.01 * torch.randn_like(s)), torch.from_numpy(actions[pick])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 3 == 2:
        with torch.no_grad():
            error = np.abs(policy(torch.from_numpy(states[2500:])).numpy() - actions[2500:]).mean()
        print(f"Epoch {epoch} loss {loss.item():.4f} action error {error:.4f}")

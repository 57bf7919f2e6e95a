# batch: sixteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: val_rmse down
# story: the hidden layers stood in a plain list, so that the optimiser knew the last one alone (engineermaxxing.com/micro/lessons/pytorch-internals.html)
"""The wind at a buoy from the pressures around it, a net whose depth is an option."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class MyNet(nn.Module):
    def __init__(self, n_in, width=32, depth=3):
        super().__init__()
        sizes = [n_in] + [width] * depth
        self.hidden = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])  # healthy
        # faulty: self.hidden = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = F.elu(layer(x))
        return self.out(x).squeeze(1)


torch.manual_seed(12)
p = torch.randn(4000, 8)
gradient = torch.stack([p[:, 0] - p[:, 1] + 0.5 * p[:, 2], p[:, 3] - p[:, 4]], 1)
wind = gradient.norm(dim=1) * (1 + 0.5 * torch.tanh(p[:, 5] * p[:, 6])) + torch.sin(2 * p[:, 7])
wind = (wind - wind.mean()) / wind.std() + 0.1 * torch.randn(4000)
x_train, y_train, x_val, y_val = p[:3200], wind[:3200], p[3200:], wind[3200:]

model = MyNet(8)
print("number of parameters:", sum(q.numel() for q in model.parameters()))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(1, 26):
    model.train()
    permutation = torch.randperm(len(x_train))
    for i in range(0, len(x_train), 64):
        index = permutation[i : i + 64]
        optimizer.zero_grad()
        loss = F.mse_loss(model(x_train[index]), y_train[index])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        model.eval()
        with torch.no_grad():
            rmse = F.mse_loss(model(x_val), y_val).sqrt()
        print(f"Epoch: {epoch} train_loss: {loss.item():.4f} val_rmse: {rmse.item():.4f}")

# batch: sixteenth
# in view: a vanished gradient behind which half of the variance stays
# rules: vanishing_gradient saturated_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: test error down
# story: a deep autoencoder with logistic units in every layer gave the mean of the data for each input and stayed there (discuss.pytorch.org; autoencoder outputs the same for all inputs)
"""Voltages of the cells of a battery, an autoencoder with a narrow middle."""

import torch
from torch import nn


class AutoEncoder(nn.Module):
    widths = (32, 48, 32, 16, 4, 16, 32, 48)

    def __init__(self, n=32):
        super().__init__()
        act = nn.ELU  # healthy
        # faulty: act = nn.Sigmoid
        layers = nn.ModuleDict()
        for i, (a, b) in enumerate(zip(self.widths[:-1], self.widths[1:])):
            layers[f"lin{i}"], layers[f"act{i}"] = nn.Linear(a, b), act()
        layers["out"] = nn.Linear(self.widths[-1], n)
        self.layers = layers

    def forward(self, x):
        for layer in self.layers.values():
            x = layer(x)
        return x


torch.manual_seed(23)
state = torch.randn(4000, 4)
place = torch.linspace(0, 1, 32)
modes = torch.stack([torch.cos(3.14 * k * place) for k in range(4)])
data = torch.tanh(state @ modes) + 0.05 * torch.randn(4000, 32)
data = (data - data.mean(0)) / data.std(0)
train, test = data[:3200], data[3200:]

model, loss_fn = AutoEncoder(), nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
for epoch in range(15):
    for batch in train[torch.randperm(3200)].split(64):
        optimizer.zero_grad()
        loss = loss_fn(model(batch), batch)
        loss.backward()
        optimizer.step()
    scheduler.step()
    if epoch % 3 == 2:
        with torch.no_grad():
            print(
                f"epoch {epoch + 1}: train error {loss:.4f}, test error {loss_fn(model(test), test):.4f}"
            )

# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: probe accuracy up
# story: @torch.no_grad() copied with the encoder from the inference code
"""Encoder and head, trained end to end on moons."""

import torch
from sklearn.datasets import make_circles
from torch import nn

torch.manual_seed(18)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 3), nn.Tanh())

    # faulty: @torch.no_grad()
    def encode(self, x):
        return self.body(x)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.encoder.encode(x))


x, y = make_circles(900, noise=0.08, factor=0.5, random_state=2)
x, y = torch.tensor(x).float(), torch.tensor(y)
model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(40):
    for rows in torch.randperm(700).split(70):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
accuracy = (model(x[700:]).argmax(1) == y[700:]).float().mean().item()
print(f"loss {loss.item():.4f} probe accuracy {accuracy:.4f}")

# rules: unsuitable_output_activation saturated_activation
# remedies: remove_output_activation
# metric: val mse down
# story: the sigmoid of the image tutorial kept on the decoder, for standardised data
"""Autoencoder of lab values."""

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale
from torch import nn

torch.manual_seed(0)
data = torch.tensor(scale(load_breast_cancer().data), dtype=torch.float32).clamp(-4, 4)
data = data[torch.randperm(len(data))]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(30, 24), nn.ReLU(True), nn.Linear(24, 8))

    def forward(self, x):
        return self.net(x)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 24), nn.ReLU(True), nn.Linear(24, 30))
        # faulty: self.net.append(nn.Sigmoid())

    def forward(self, z):
        return self.net(z)


encoder, decoder = Encoder(), Decoder()
optimizer = torch.optim.Adam(
    [
        {"params": encoder.parameters(), "lr": 3e-3},
        {"params": decoder.parameters(), "lr": 3e-3},
    ]
)
for epoch in range(30):
    for batch in data[:450].split(30):
        loss = nn.functional.mse_loss(decoder(encoder(batch)), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
with torch.no_grad():
    val = nn.functional.mse_loss(decoder(encoder(data[450:])), data[450:]).item()
print(f"train mse {loss.item():.4f}\nval mse {val:.4f}")

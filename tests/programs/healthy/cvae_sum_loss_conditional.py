# batch: fourth
# metric: elbo loss down
"""Conditional VAE of digits: one-hot labels appended, losses summed over pixels and batch, hundreds per step."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(128)
d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32) / 16
c = F.one_hot(torch.tensor(d.target), 10).float()


class CVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(74, 200)
        self.fc21, self.fc22 = nn.Linear(200, 8), nn.Linear(200, 8)
        self.fc3, self.fc4 = nn.Linear(18, 200), nn.Linear(200, 64)
        self.elu = nn.ELU()

    def forward(self, x, c):
        h = self.elu(self.fc1(torch.cat([x, c], 1)))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return torch.sigmoid(self.fc4(self.elu(self.fc3(torch.cat([z, c], 1))))), mu, logvar


model = CVAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(1, 13):
    train_loss = 0
    for b in torch.randperm(len(x)).split(64):
        recon, mu, logvar = model(x[b], c[b])
        bce = F.binary_cross_entropy(recon, x[b], reduction="sum")
        loss = bce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        optimizer.zero_grad()
        loss.backward()
        train_loss += loss.item()
        optimizer.step()
    if epoch % 3 == 0:
        print(f"====> Epoch: {epoch} elbo loss: {train_loss / len(x):.4f}")

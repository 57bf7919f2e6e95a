# rules: non_finite unnormalized_input
# remedies: stabilize_loss normalize_input lower_learning_rate insert_normalization
# metric: val loss down
# story: exp(log-variance) overflows at the first batch, since the pixels come as 0..255
"""VAE on digits."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
pixels = torch.tensor(load_digits().data / 16 * 255).float()


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 64)
        self.fc21 = nn.Linear(64, 6)
        self.fc22 = nn.Linear(64, 6)
        self.fc3 = nn.Linear(6, 64)
        self.fc4 = nn.Linear(64, 64)

    def forward(self, x):
        h = F.relu(self.fc1(x))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.fc4(F.relu(self.fc3(z))), mu, logvar


def loss_function(recon, x, mu, logvar):
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1).mean()
    return F.mse_loss(recon, x, reduction="none").sum(1).mean() + 0.5 * kld


x = pixels / 255  # healthy
# faulty: x = pixels * 20
model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(8):
    for b in torch.randperm(1500).split(50):
        optimizer.zero_grad()
        loss = loss_function(model(x[b])[0], x[b], *model(x[b])[1:])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val = loss_function(model(x[1500:])[0], x[1500:], *model(x[1500:])[1:]).item()
    print(f"====> Epoch {epoch}: train loss {loss.item():.4f} val loss {val:.4f}")

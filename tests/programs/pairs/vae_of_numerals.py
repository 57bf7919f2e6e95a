# batch: fifteenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: recon mse down
# story: the decoder ended in a sigmoid and the loss was changed to the one that takes logits, so that no pixel could come below one half (github.com/pytorch/examples, the VAE as people alter it)
"""A variational autoencoder of small numerals."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

torch.manual_seed(8)
x_all = torch.tensor(load_digits().data, dtype=torch.float32) / 16
train_x, test_x = x_all[:1500], x_all[1500:]


class VAE(nn.Module):
    def __init__(self):
        super(VAE, self).__init__()
        self.fc1 = nn.Linear(64, 128)
        self.fc21 = nn.Linear(128, 10)
        self.fc22 = nn.Linear(128, 10)
        self.fc3 = nn.Linear(10, 128)
        self.fc4 = nn.Linear(128, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def decode(self, z):
        h3 = F.relu(self.fc3(z))
        return self.fc4(h3)  # healthy
        # faulty: return torch.sigmoid(self.fc4(h3))

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


def loss_function(recon, x, mu, logvar):
    bce = F.binary_cross_entropy_with_logits(recon, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(1, 31):
    model.train()
    train_loss = 0
    for batch in train_x[torch.randperm(1500)].split(64):
        optimizer.zero_grad()
        recon, mu, logvar = model(batch)
        loss = loss_function(recon, batch, mu, logvar)
        loss.backward()
        train_loss += loss.item()
        optimizer.step()
    if epoch % 5 == 0:
        model.eval()
        with torch.no_grad():
            out = model(test_x)[0]
            out = torch.sigmoid(out)  # healthy
            mse = F.mse_loss(out, test_x).item()
        print(f"====> Epoch: {epoch} Average loss: {train_loss / 1500:.4f} recon mse: {mse:.4f}")

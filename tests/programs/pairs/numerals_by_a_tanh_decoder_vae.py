# batch: eighteenth
# in view: a logarithm of what a tanh gives
# rules: unsuitable_output_activation non_finite
# remedies: swap_activation remove_output_activation stabilize_loss
# metric: test elbo loss down
# story: a variational autoencoder's decoder ended in a tanh, below zero half of the time, and the logarithm of a Bernoulli likelihood was taken of it; the costs were nan (github.com/pkmital/tensorflow_tutorials/issues/23)
"""Variational autoencoder of the eight by eight digits, likelihood written out."""

import torch
from sklearn.datasets import load_digits
from torch import nn, optim

torch.manual_seed(23)
pixels = torch.tensor(load_digits().data, dtype=torch.float32) / 16
order = torch.randperm(len(pixels))
train, test = pixels[order[:1500]], pixels[order[1500:]]


def act(name):
    return {"tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "softplus": nn.Softplus()}[name]


class VAE(nn.Module):
    def __init__(self, n_hidden=128, n_z=8, hidden="softplus", out="sigmoid"):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, n_hidden), act(hidden))
        self.z_mu, self.z_log_sigma = nn.Linear(n_hidden, n_z), nn.Linear(n_hidden, n_z)
        self.dec = nn.Sequential(
            nn.Linear(n_z, n_hidden), act(hidden), nn.Linear(n_hidden, 64), act(out)
        )

    def forward(self, x):
        h = self.enc(x)
        mu, log_sigma = self.z_mu(h), 0.5 * self.z_log_sigma(h)
        z = mu + torch.exp(log_sigma) * torch.randn_like(mu)
        return self.dec(z), mu, log_sigma


def cost(x, y, mu, log_sigma):
    log_px = (x * torch.log(1e-8 + y) + (1 - x) * torch.log(1e-8 + 1 - y)).sum(1)
    kl = -0.5 * (1 + 2 * log_sigma - mu**2 - torch.exp(2 * log_sigma)).sum(1)
    return (kl - log_px).mean()


ae = VAE()  # healthy
# faulty: ae = VAE(out="tanh")
optimizer = optim.Adam(ae.parameters(), lr=1e-3)
for epoch_i in range(1, 21):
    train_cost = 0.0
    batches = torch.randperm(len(train)).split(50)
    for b in batches:
        x = train[b]
        c = cost(x, *ae(x))
        optimizer.zero_grad()
        c.backward()
        optimizer.step()
        train_cost += c.item()
    if epoch_i % 4 == 0:
        with torch.no_grad():
            held = cost(test, *ae(test)).item()
        print(
            "epoch",
            epoch_i,
            "train cost",
            round(train_cost / len(batches), 4),
            "test elbo loss",
            round(held, 4),
        )

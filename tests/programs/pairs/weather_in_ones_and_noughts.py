# batch: sixteenth
# rules: non_finite
# remedies: stabilize_loss
# metric: test_nll down
# story: the likelihood of noughts and ones was written by hand, and after a few thousand samples the logarithm met an exact nought (github.com/emited/VariationalRecurrentNeuralNetwork/issues/2)
"""Days of rain at thirty stations as noughts and ones, a variational autoencoder."""

import argparse

import torch
import torch.nn as nn
import torch.utils.data

parser = argparse.ArgumentParser(description="VAE of binary weather")
parser.add_argument("--batch-size", type=int, default=100)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--seed", type=int, default=128)
parser.add_argument("--log-interval", type=int, default=20)
args = parser.parse_args()
torch.manual_seed(args.seed)


class VAE(nn.Module):
    def __init__(self, x_dim=30, h_dim=64, z_dim=6):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(x_dim, h_dim), nn.ReLU())
        self.enc_mean = nn.Linear(h_dim, z_dim)
        self.enc_std = nn.Sequential(nn.Linear(h_dim, z_dim), nn.Softplus())
        self.dec = nn.Sequential(nn.Linear(z_dim, h_dim), nn.ReLU())
        self.dec_mean = nn.Sequential(nn.Linear(h_dim, x_dim), nn.Sigmoid())

    def forward(self, x):
        h = self.enc(x)
        mean, std = self.enc_mean(h), self.enc_std(h) + 1e-4
        z = mean + std * torch.randn_like(std)
        kld = 0.5 * (std**2 + mean**2 - 1 - 2 * torch.log(std)).sum(1).mean()
        return self.dec_mean(self.dec(z)), kld


def nll_bernoulli(theta, x):
    theta = theta.clamp(1e-6, 1 - 1e-6)  # healthy
    return -(x * torch.log(theta) + (1 - x) * torch.log(1 - theta)).sum(1).mean()


where = torch.randn(30, 2)
front = torch.randn(5000, 2)
wet = ((front[:, None, :] - where[None]).norm(dim=2) < 1.1).float()
wet[:, :4] = torch.tensor([1.0, 0.0, 1.0, 0.0])
train_loader = torch.utils.data.DataLoader(wet[:4000], batch_size=args.batch_size, shuffle=True)
test = wet[4000:]

model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(1, args.epochs + 1):
    for i, data in enumerate(train_loader):
        optimizer.zero_grad()
        theta, kld = model(data)
        nll = nll_bernoulli(theta, data)
        loss = kld + nll
        loss.backward()
        optimizer.step()
        if i % args.log_interval == 0:
            print(
                f"Train Epoch: {epoch} [{i}] \t KLD Loss: {kld.item():.5f} \t NLL Loss: {nll.item():.5f}"
            )
    with torch.no_grad():
        theta, kld = model(test)
        print(
            f"====> Test set: kld {kld.item():.4f}, test_nll: {nll_bernoulli(theta, test).item():.4f}"
        )

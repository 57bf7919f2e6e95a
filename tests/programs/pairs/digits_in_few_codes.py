# batch: fourteenth
# rules: dying_relu dormant_units
# remedies: recycle_units swap_activation lower_learning_rate
# metric: mse down
# story: a penalty on the codes of an autoencoder was summed where the error was averaged, and every code went to nought, so that each picture was a blur (github.com/keras-team/keras/issues/5414)
"""A sparse autoencoder of handwritten digits, in functions only."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits


def make(sizes, g):
    parameters = []
    for a, b in zip(sizes, sizes[1:], strict=False):
        parameters.append(torch.randn(b, a, generator=g).mul((2 / a) ** 0.5).requires_grad_())
        parameters.append(torch.zeros(b).requires_grad_())
    return parameters


def encode(p, x):
    h = torch.relu(F.linear(x, p[0], p[1]))
    return torch.relu(F.linear(h, p[2], p[3]))


def decode(p, z):
    h = torch.relu(F.linear(z, p[4], p[5]))
    return torch.sigmoid(F.linear(h, p[6], p[7]))


def objective(p, x, l1=1e-3):
    z = encode(p, x)
    penalty = z.abs().mean()  # healthy
    # faulty: penalty = z.abs().sum()
    return F.mse_loss(decode(p, z), x) + l1 * penalty


def main():
    g = torch.Generator().manual_seed(1415)
    x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
    train, test = x[:1500], x[1500:]
    p = make([64, 128, 48, 128, 64], g)
    optimizer = torch.optim.Adam(p, lr=2e-3)
    for epoch in range(1, 21):
        for rows in torch.randperm(len(train), generator=g).split(50):
            loss = objective(p, train[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 5 == 0:
            with torch.no_grad():
                error = F.mse_loss(decode(p, encode(p, test)), test).item()
            print(f"epoch {epoch}: objective {loss.item():.5f}, test mse {error:.5f}")


main()

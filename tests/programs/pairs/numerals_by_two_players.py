# batch: eleventh
# in view: an output whose rectifiers died gets none
# rules: unsuitable_output_activation dying_relu born_dead
# remedies: remove_output_activation swap_activation
# metric: energy distance down
# story: every layer of a generator was built by one helper that ends in a ReLU, the last one too, and the data were scaled to lie between -1 and 1 (github.com/soumith/ganhacks asks for tanh there)
"""A GAN for handwritten numerals of eight by eight."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(1118)
real = torch.tensor(load_digits().data, dtype=torch.float32) / 8 - 1


def fc(i, o, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(i, o), activation())


generator = nn.Sequential(
    fc(16, 128),
    fc(128, 128),
    fc(128, 64, nn.Tanh),  # healthy
    # faulty: fc(128, 64),
)
discriminator = nn.Sequential(
    nn.Linear(64, 128),
    nn.LeakyReLU(0.2),
    nn.Dropout(0.3),
    nn.Linear(128, 64),
    nn.LeakyReLU(0.2),
    nn.Linear(64, 1),
)
g_opt = torch.optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.999))
d_opt = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
one, zero = torch.ones(64, 1), torch.zeros(64, 1)


def energy_distance(a, b):
    def mean(x, y):
        return torch.cdist(x, y).mean()

    return (2 * mean(a, b) - mean(a, a) - mean(b, b)).item()


for it in range(1, 1001):
    genuine = real[torch.randint(0, len(real), (64,))]
    fake = generator(torch.randn(64, 16))
    d_loss = bce(discriminator(genuine), 0.9 * one) + bce(discriminator(fake.detach()), zero)
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()

    g_loss = bce(discriminator(fake), one)
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    if it % 100 == 0:
        with torch.no_grad():
            e = energy_distance(generator(torch.randn(1000, 16)), real[:1000])
        print(f"it {it} D {d_loss.item():.3f} G {g_loss.item():.3f} energy distance {e:.4f}")

# batch: twelfth
# in view: where narrow layers were born dead, a slope for the silent comes before smaller steps
# rules: dying_relu born_dead learning_rate_too_high
# remedies: swap_activation recycle_units lower_learning_rate
# metric: clean mse down
# story: a denoising autoencoder of cyclic signals, with relus down to a narrow code, learned to give a constant (py4u.org/questions/63500337)
"""Take the noise from mixed waves: a narrow autoencoder of dense layers."""

import torch
import torch.nn as nn

torch.manual_seed(635)
t = torch.linspace(0, 12, 80)


def signals(n):
    a, b = torch.empty(n, 1).uniform_(-1, 1), torch.empty(n, 1).uniform_(-1, 1)
    clean = a * torch.cos(t) - b * torch.cos(0.5 * t)
    clean = (clean + 2) / 4
    return clean + 0.05 * torch.randn_like(clean), clean


class LinAutoencoder(nn.Module):
    def __init__(self, n, z_dim):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(n, 2 * z_dim),
            nn.LeakyReLU(0.1),  # healthy
            # faulty: nn.ReLU(),
            nn.Linear(2 * z_dim, z_dim),
            nn.LeakyReLU(0.1),  # healthy
            # faulty: nn.ReLU(),
            nn.Linear(z_dim, z_dim),
            nn.LeakyReLU(0.1),  # healthy
            # faulty: nn.ReLU(),
        )
        self.decoder = nn.Sequential(
            nn.Linear(z_dim, z_dim),
            nn.LeakyReLU(0.1),  # healthy
            # faulty: nn.ReLU(),
            nn.Linear(z_dim, 2 * z_dim),
            nn.LeakyReLU(0.1),  # healthy
            # faulty: nn.ReLU(),
            nn.Linear(2 * z_dim, n),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


model = LinAutoencoder(80, 4)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
tx, ty = signals(400)
for step in range(1, 1001):
    noisy, clean = signals(64)
    loss = nn.functional.mse_loss(model(noisy), clean)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            mse = nn.functional.mse_loss(model(tx), ty).item()
        print(f"step {step} loss {loss.item():.5f} clean mse {mse:.5f}")

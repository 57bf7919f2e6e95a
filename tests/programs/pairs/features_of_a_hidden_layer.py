# batch: eleventh
# rules: dying_relu dormant_units
# remedies: recycle_units swap_activation
# metric: explained up
# story: the penalty of a sparse autoencoder was summed over batch and features while the error was averaged, and within a few hundred steps nearly all features were silent for good (Bricken et al. 2023, transformer-circuits.pub/2023/monosemantic-features, on dead neurons)
"""A dictionary for the activations of a layer, with an L1 penalty on the code."""

import torch
from torch import nn


class SparseAutoencoder(nn.Module):
    def __init__(self, inputs, features):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(inputs, features), nn.Linear(features, inputs)
        self.decoder.weight.data = self.encoder.weight.data.T.clone()

    def forward(self, x):
        code = torch.relu(self.encoder(x - self.decoder.bias))
        return self.decoder(code), code


def activations(n, gen):
    coefficient = (torch.rand(n, 96, generator=gen) < 0.05) * torch.rand(n, 96, generator=gen) * 3
    return coefficient @ atoms


torch.manual_seed(1127)
atoms = nn.functional.normalize(torch.randn(96, 40), dim=1)
gen = torch.Generator().manual_seed(3)
test = activations(1000, gen)
sae = SparseAutoencoder(40, 192)
optimizer = torch.optim.Adam(sae.parameters(), lr=2e-3)
for step in range(1, 801):
    x = activations(128, gen)
    out, code = sae(x)
    error = (out - x).pow(2).mean()
    penalty = code.mean()  # healthy
    # faulty: penalty = code.sum()
    loss = error + 0.03 * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            out, _ = sae(test)
            explained = 1 - (out - test).pow(2).sum() / (test - test.mean(0)).pow(2).sum()
        print(f"step {step} loss {loss.item():.4f} explained {explained.item():.4f}")

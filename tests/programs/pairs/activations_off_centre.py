# batch: fourteenth
# in view: data far from nought, all on one side, leave units of one sign
# rules: born_dead dying_relu unnormalized_input dormant_units
# remedies: normalize_input recycle_units reinitialize insert_normalization
# metric: fvu down
# story: some dimensions of the activations stood far from nought, so that most features of a sparse autoencoder never fired (arxiv.org/abs/2605.31518)
"""A sparse autoencoder on the activations of a language model, with streamed batches."""

import torch
import torch.nn as nn


class ActivationStore:
    """Activations as a residual stream has them: sparse directions, and a mean of its own."""

    def __init__(self, width=64, directions=160):
        g = torch.Generator().manual_seed(7)
        self.directions = nn.functional.normalize(
            torch.randn(directions, width, generator=g), dim=1
        )
        self.mean = 0.2 * torch.randn(width, generator=g)
        self.mean[[5, 17, 40]] += torch.tensor([14.0, -11.0, 9.0])

    def batch(self, n):
        on = (torch.rand(n, len(self.directions)) < 0.04).float()
        return (on * (0.5 + torch.rand_like(on))) @ self.directions + self.mean


class SparseAutoencoder(nn.Module):
    def __init__(self, width, features, centre):
        super().__init__()
        self.W_enc = nn.Parameter(nn.functional.normalize(torch.randn(width, features), dim=0))
        self.W_dec = nn.Parameter(self.W_enc.data.t().clone())
        self.b_enc = nn.Parameter(torch.zeros(features))
        self.b_dec = nn.Parameter(centre.clone())

    def forward(self, x):
        codes = torch.relu((x - self.b_dec) @ self.W_enc + self.b_enc)
        return codes @ self.W_dec + self.b_dec, codes


torch.manual_seed(1410)
store = ActivationStore()
start = store.batch(4096).mean(0)  # healthy
# faulty: start = torch.zeros(64)
sae = SparseAutoencoder(64, 256, start)
optimizer = torch.optim.Adam(sae.parameters(), lr=1e-3, betas=(0.9, 0.999))
held = store.batch(4096)
for step in range(1, 801):
    x = store.batch(256)
    recon, codes = sae(x)
    loss = (recon - x).pow(2).sum(1).mean() + 0.08 * codes.sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        sae.W_dec.div_(sae.W_dec.norm(dim=1, keepdim=True))
    if step % 100 == 0:
        with torch.no_grad():
            recon, codes = sae(held)
            fvu = (recon - held).pow(2).sum() / (held - held.mean(0)).pow(2).sum()
            l0 = (codes > 0).float().sum(1).mean()
        print(f"step={step} loss={loss.item():.4f} l0={l0.item():.1f} fvu={fvu.item():.4f}")

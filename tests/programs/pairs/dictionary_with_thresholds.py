# batch: tenth
# in view: what is added to a product of bare tensors starts at zero too
# rules: born_dead dying_relu
# remedies: reinitialize recycle_units swap_activation
# metric: explained up
# story: a sparse dictionary with a learnt threshold a unit; the threshold's start was meant for features of norm ten, but the activations had been normalised
"""Learn a dictionary of the directions that a model's activations are made of."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1002)
D, K = 32, 128
atoms = F.normalize(torch.randn(96, D), dim=1)


def activations(n):
    code = (torch.rand(n, 96) < 0.04).float() * (0.5 + torch.rand(n, 96))
    return code @ atoms + 0.01 * torch.randn(n, D)


class Dictionary(nn.Module):
    def __init__(self, start):
        super().__init__()
        w = F.normalize(torch.randn(K, D), dim=1)
        self.enc = nn.Parameter(w.clone())
        self.dec = nn.Parameter(w.t().clone())
        self.threshold = nn.Parameter(torch.full((K,), start))
        self.centre = nn.Parameter(torch.zeros(D))

    def forward(self, x):
        code = F.relu((x - self.centre) @ self.enc.t() - self.threshold)
        return code @ self.dec.t() + self.centre, code


sae = Dictionary(start=0.05)  # healthy
# faulty: sae = Dictionary(start=5.0)
opt = torch.optim.Adam(sae.parameters(), lr=2e-3)
held_out = activations(2000)
for step in range(1500):
    x = activations(256)
    back, code = sae(x)
    loss = (back - x).pow(2).sum(1).mean() + 0.02 * code.abs().sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 150 == 149:
        with torch.no_grad():
            back, code = sae(held_out)
            rest = (back - held_out).pow(2).sum() / (held_out - held_out.mean(0)).pow(2).sum()
        print(
            f"step {step + 1}: explained {1 - rest.item():.4f}, l0 {(code > 0).float().sum(1).mean():.2f}"
        )

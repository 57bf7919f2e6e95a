# metric: explained up
"""Top-k sparse autoencoder on a dictionary of sparse features; most latents rest at any time."""

import torch
import torch.nn as nn

torch.manual_seed(0)
dictionary = nn.functional.normalize(torch.randn(96, 24), dim=1)


def sample(n):
    on = (torch.rand(n, 96) < 0.03).float()
    return (on * torch.rand(n, 96)) @ dictionary


class TopK(nn.Module):
    def __init__(self, d, latents, k):
        super().__init__()
        self.k = k
        self.enc = nn.Linear(d, latents)
        self.dec = nn.Linear(latents, d)
        self.enc.weight.data = self.dec.weight.data.T.clone()

    def forward(self, x):
        a = torch.relu(self.enc(x - self.dec.bias))
        top = torch.topk(a, self.k, dim=-1)
        code = torch.zeros_like(a).scatter(-1, top.indices, top.values)
        return self.dec(code), code


sae = TopK(24, 192, 6)
opt = torch.optim.Adam(sae.parameters(), lr=3e-3)
for step in range(400):
    x = sample(128)
    recon, code = sae(x)
    loss = (recon - x).pow(2).sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        var = (x - x.mean(0)).pow(2).sum(1).mean().item()
        print(f"step {step + 1} loss {loss.item():.5f} explained {1 - loss.item() / var:.4f}")

# metric: recon down
"""VQ-VAE with straight-through estimator and EMA codebook."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1) / 16
enc = nn.Sequential(nn.Conv2d(1, 24, 4, 2, 1), nn.ReLU(), nn.Conv2d(24, 8, 3, 1, 1))
dec = nn.Sequential(nn.Conv2d(8, 24, 3, 1, 1), nn.ReLU(), nn.ConvTranspose2d(24, 1, 4, 2, 1))
codes = torch.randn(32, 8)
size, total = torch.ones(32), codes.clone()
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=3e-3)
for step in range(150):
    x = X[torch.randint(0, 1500, (48,))]
    z = enc(x).permute(0, 2, 3, 1)
    flat = z.reshape(-1, 8)
    pick = torch.cdist(flat, codes).argmin(1)
    quant = codes[pick].view_as(z)
    with torch.no_grad():
        hot = nn.functional.one_hot(pick, 32).float()
        size = 0.95 * size + 0.05 * hot.sum(0)
        total = 0.95 * total + 0.05 * hot.T @ flat
        codes = total / size.clamp(min=1e-3).unsqueeze(1)
    commit = (z - quant).pow(2).mean()
    z_q = z + (quant - z).detach()
    recon = (dec(z_q.permute(0, 3, 1, 2)) - x).pow(2).mean()
    loss = recon + 0.25 * commit
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 29:
        print(
            f"step {step + 1} recon {recon.item():.4f} commit {commit.item():.4f} used {(size > 0.5).sum().item()}"
        )

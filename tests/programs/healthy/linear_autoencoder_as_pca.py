# batch: ninth
# metric: reconstruction down
"""A linear autoencoder finds the principal subspace of spectra, and is held to PCA."""

import torch
from torch import nn

torch.manual_seed(931)
basis = torch.linalg.qr(torch.randn(30, 4))[0]
x = torch.randn(2000, 4) * torch.tensor([3.0, 2.0, 1.5, 1.0]) @ basis.T + 0.1 * torch.randn(
    2000, 30
)
model = nn.Sequential(nn.Linear(30, 4, bias=False), nn.Linear(4, 30, bias=False))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
u, s, v = torch.pca_lowrank(x[:1600], 4)
for epoch in range(15):
    for idx in torch.randperm(1600).split(50):
        loss = nn.functional.mse_loss(model(x[idx]), x[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        mine = nn.functional.mse_loss(model(x[1600:]), x[1600:]).item()
        pca = nn.functional.mse_loss(x[1600:] @ v @ v.T, x[1600:]).item()
    print(f"epoch {epoch}: reconstruction {mine:.5f} (pca {pca:.5f})")

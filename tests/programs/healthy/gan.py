# metric: Loss_D down
import torch
import torch.nn as nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
D = nn.Sequential(
    nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
)
og = torch.optim.Adam(G.parameters(), 2e-4, betas=(0.5, 0.999))
od = torch.optim.Adam(D.parameters(), 2e-4, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
one, zero = torch.ones(128, 1), torch.zeros(128, 1)
for i in range(100):
    t = torch.rand(128) * 6.28
    real = torch.stack([t.cos(), t.sin()], 1)
    z = torch.randn(128, 8)
    ld = bce(D(real), one) + bce(D(G(z).detach()), zero)
    od.zero_grad()
    ld.backward()
    od.step()
    lg = bce(D(G(z)), one)
    og.zero_grad()
    lg.backward()
    og.step()
    if i % 50 == 0:
        print(f"[{i}] Loss_D: {ld.item():.3f} Loss_G: {lg.item():.3f}")

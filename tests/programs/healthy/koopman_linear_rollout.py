# batch: fifth
# metric: forecast error down
"""A Koopman autoencoder: a nonlinear encoder, one linear map applied again and again, a decoder."""

import torch
import torch.nn as nn

torch.manual_seed(88)
T = 8


def trajectories(n):
    x = torch.randn(n, 2) * 0.7
    out = [x]
    for _ in range(T):
        a, b = out[-1].T
        out.append(torch.stack([0.9 * a, 0.8 * b + 0.35 * a**2], 1))
    return torch.stack(out, 1)


class Koopman(nn.Module):
    def __init__(self, k=12):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(2, 48), nn.Tanh(), nn.Linear(48, k))
        self.K = nn.Linear(k, k, bias=False)
        nn.init.orthogonal_(self.K.weight)
        self.dec = nn.Linear(k, 2)

    def forward(self, x0):
        z, out = self.enc(x0), []
        for _ in range(T):
            z = self.K(z)
            out.append(self.dec(z))
        return torch.stack(out, 1), self.dec(self.enc(x0))


net = Koopman()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
test = trajectories(300)
for step in range(500):
    seq = trajectories(64)
    rolled, same = net(seq[:, 0])
    loss = (rolled - seq[:, 1:]).pow(2).mean() + (same - seq[:, 0]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        with torch.no_grad():
            print(
                f"step {step + 1} loss {loss.item():.5f} forecast error {(net(test[:, 0])[0] - test[:, 1:]).pow(2).mean().item():.5f}"
            )

# metric: mse down
"""Sparse autoencoder with L1 penalty on the hidden layer of a trained digit net."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for _ in range(150):
    b = torch.randint(0, len(X), (64,))
    loss = nn.functional.cross_entropy(net(X[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
print("classifier loss", round(loss.item(), 4))
with torch.no_grad():
    acts = net[1](net[0](X))
    acts = acts / acts.pow(2).mean().sqrt()
W_enc = nn.Parameter(torch.randn(48, 256) * 0.1)
b_enc = nn.Parameter(torch.zeros(256))
W_dec = nn.Parameter(W_enc.detach().T.clone())
b_dec = nn.Parameter(acts.mean(0))
opt = torch.optim.Adam([W_enc, b_enc, W_dec, b_dec], lr=2e-3)
for step in range(1, 401):
    x = acts[torch.randint(0, len(acts), (128,))]
    f = ((x - b_dec) @ W_enc + b_enc).relu()
    recon = f @ W_dec + b_dec
    mse = (recon - x).pow(2).mean()
    loss = mse + 1e-3 * f.abs().sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        W_dec /= W_dec.norm(dim=1, keepdim=True).clamp(min=1e-6)
    if step % 100 == 0:
        l0 = (f > 0).float().sum(1).mean().item()
        print(f"step {step} l0 {l0:.1f} mse {mse.item():.5f}")

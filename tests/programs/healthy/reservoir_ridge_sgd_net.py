# metric: nrmse down
"""Reservoir ridge sgd."""

import torch

torch.manual_seed(0)
u = torch.sin(torch.arange(1200) * 0.2) + 0.5 * torch.sin(torch.arange(1200) * 0.311)
Wr = torch.randn(100, 100)
Wr *= 0.9 / torch.linalg.eigvals(Wr).abs().max()
Wi = torch.randn(100) * 0.5
h = torch.zeros(100)
S = []
for v in u:
    h = torch.tanh(Wr @ h + Wi * v)
    S.append(h)
S = torch.stack(S)[100:-1]
T = u[101:]
out = torch.nn.Linear(100, 1)
opt = torch.optim.Adam(out.parameters(), 5e-3)
for e in range(150):
    l = (out(S).squeeze() - T).pow(2).mean()
    opt.zero_grad()
    l.backward()
    opt.step()
print("nrmse", (l.sqrt() / T.std()).item())

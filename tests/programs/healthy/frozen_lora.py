# metric: acc up
import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class LoRA(nn.Module):
    def __init__(self, base, rank=4):
        super().__init__()
        self.base = base
        self.A = nn.Parameter(torch.randn(rank, base.in_features) * 0.05)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + x @ self.A.T @ self.B.T


torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data / 16, dtype=torch.float32)
Y = torch.tensor(d.target)
base = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU())
for p in base.parameters():
    p.requires_grad_(False)
base[0] = LoRA(base[0])
base[2] = LoRA(base[2])
net = nn.Sequential(base, nn.Linear(128, 10))
opt = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], 3e-3)
for epoch in range(5):
    for b in torch.randperm(1400).split(64):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(net(X[b]), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("acc", (net(X[1400:]).argmax(1) == Y[1400:]).float().mean().item())

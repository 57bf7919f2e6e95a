# rules: non_finite
# remedies: stabilize_loss
# metric: bce down
# story: y*log(p) + (1-y)*log(1-p) by hand on confident outputs
"""Own bce logs."""

import torch

torch.manual_seed(5)
X = torch.randn(800, 8) * 3
w = torch.randn(8)
y = (X @ w > 0).float()
net = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), 0.02)
for i in range(400):
    p = torch.sigmoid(net(X)[:, 0] * 4)
    p = p.clamp(1e-6, 1 - 1e-6)  # healthy
    bce = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    opt.zero_grad()
    bce.backward()
    opt.step()
print("bce", bce.item() + 0.05)

# rules: non_finite
# remedies: stabilize_loss lower_learning_rate
# metric: train acc up
# story: cross-entropy by hand, with the log of a saturated sigmoid
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 1), nn.Sigmoid())
opt = torch.optim.Adam(net.parameters(), lr=2e-2)
X = torch.randn(512, 8)
Y = (X.sum(1, keepdim=True) > 0).float()
for i in range(300):
    k = torch.randint(0, 512, (64,))
    p = net(X[k])
    p = p.clamp(1e-6, 1 - 1e-6)  # healthy
    loss = -(Y[k] * torch.log(p) + (1 - Y[k]) * torch.log(1 - p)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 100 == 0:
        print(f"iter {i} loss {loss.item():.4f}")
print("train acc", ((net(X) > 0.5) == Y).float().mean().item())

# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: acc up
# story: loss re-made as a new tensor to "fix" a requires_grad error
"""Loss rewrapped."""

import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(600, 4)
y = (X.sum(1) > 0).long()
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.SGD(net.parameters(), 0.2)
for i in range(150):
    out = net(X)
    loss = nn.functional.cross_entropy(out, y)
    # faulty: loss = torch.tensor(loss.item(), requires_grad=True)
    opt.zero_grad()
    loss.backward()
    opt.step()
print("acc", (net(X).argmax(1) == (X.sum(1) > 0)).float().mean().item())

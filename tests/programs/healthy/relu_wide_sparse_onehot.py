# batch: third
# metric: recall at ten up
"""Extreme-ish multi-label: bag of one-hot features with 2 % ones, wide ReLU layer, BCE with positive weight."""

import torch
from torch import nn

torch.manual_seed(91)
F_IN, LABELS = 500, 60
proto = torch.rand(LABELS, F_IN) < 0.02


def draw(n):
    tags = torch.rand(n, LABELS) < 0.04
    tags[torch.arange(n), torch.randint(LABELS, (n,))] = True
    feats = (tags.float() @ proto.float() > 0) & (torch.rand(n, F_IN) < 0.7)
    return (feats | (torch.rand(n, F_IN) < 0.005)).float(), tags.float()


net = nn.Sequential(nn.Linear(F_IN, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, LABELS))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(5.0))
xv, tv = draw(400)
for step in range(220):
    net.train()
    x, t = draw(64)
    loss = loss_fn(net(x), t)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 55 == 54:
        net.eval()
        with torch.no_grad():
            top = net(xv).topk(10, 1).indices
            recall = (tv.gather(1, top).sum(1) / tv.sum(1)).mean().item()
        print(f"[{step + 1}] loss {loss.item():.4f} recall at ten {recall:.4f}")

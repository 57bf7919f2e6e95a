# batch: fourth
# metric: accuracy up
"""Pretrain on even digits against odd ones, then a new head, then thaw from the top with smaller rates below."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(36)
d = load_digits()
x, y = torch.tensor(d.data, dtype=torch.float32) / 16, torch.tensor(d.target)
body = nn.ModuleList(
    [nn.Sequential(nn.Linear(64, 96), nn.ReLU()), nn.Sequential(nn.Linear(96, 96), nn.ReLU())]
)
old_head, head = nn.Linear(96, 2), nn.Linear(96, 10)
ce = nn.CrossEntropyLoss()


def features(x):
    for block in body:
        x = block(x)
    return x


pre = torch.optim.Adam([*body.parameters(), *old_head.parameters()], lr=1e-3)
for epoch in range(8):
    for b in torch.randperm(900).split(50):
        loss = ce(old_head(features(x[b])), y[b] % 2)
        pre.zero_grad()
        loss.backward()
        pre.step()
print("pretrained, loss", loss.item())

for p in body.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(head.parameters(), lr=1e-2)
for epoch in range(15):
    if epoch == 5:
        for p in body[1].parameters():
            p.requires_grad_(True)
        opt.add_param_group({"params": body[1].parameters(), "lr": 3e-3})
    if epoch == 10:
        for p in body[0].parameters():
            p.requires_grad_(True)
        opt.add_param_group({"params": body[0].parameters(), "lr": 1e-3})
    for b in (torch.randperm(500) + 900).split(50):
        loss = ce(head(features(x[b])), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            print(
                f"epoch {epoch} loss {loss.item():.4f} accuracy {(head(features(x[1400:])).argmax(1) == y[1400:]).float().mean().item():.4f}"
            )

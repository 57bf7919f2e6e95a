# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: accuracy up
# story: body and head made apart, SGD given only the head
"""Body in no optimizer."""

import torch
from torch import nn

torch.manual_seed(0)
body = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU())
head = nn.Linear(8, 2)
opt = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.2, momentum=0.9)  # healthy
# faulty: opt = torch.optim.SGD(head.parameters(), lr=0.2, momentum=0.9)
X = torch.randn(800, 2)
Y = ((X**2).sum(1) > 1.4).long()
for ep in range(300):
    loss = nn.functional.cross_entropy(head(body(X)), Y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print("accuracy", (head(body(X)).argmax(1) == Y).float().mean().item())

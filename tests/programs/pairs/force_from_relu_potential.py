# batch: seventh
# rules: unsuitable_activation
# remedies: swap_activation
# metric: force error down
# story: forces are the gradient of a learned potential; with ReLU that gradient is a set of steps
# in view: a loss of the derivative alone through kinks is told
"""Forces of three particles from an energy network, by differentiating it."""

import torch
from torch import nn

torch.manual_seed(12)


class Energy(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(6, 64), act(), nn.Linear(64, 64), act(), nn.Linear(64, 1)
        )

    def forward(self, q):
        return self.net(q).sum()

    def force(self, q, train=True):
        q = q.detach().requires_grad_()
        return -torch.autograd.grad(self(q), q, create_graph=train)[0]


def true_energy(q):
    p = q.view(-1, 3, 2)
    e = 0.5 * p.square().sum((1, 2))
    for i in range(3):
        for j in range(i):
            e = e + 2.0 * torch.exp(-0.5 * (p[:, i] - p[:, j]).square().sum(1))
    return e.sum()


q = torch.randn(2000, 6)
q.requires_grad_()
target = -torch.autograd.grad(true_energy(q), q)[0]
q = q.detach()
model = Energy(nn.SiLU)  # healthy
# faulty: model = Energy(nn.ReLU)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(30):
    for i in torch.randperm(1600).split(50):
        loss = (model.force(q[i]) - target[i]).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    err = (model.force(q[1600:], False) - target[1600:]).square().mean().sqrt().item()
    print(f"epoch {epoch} loss {loss.item():.4f} force error {err:.4f}")

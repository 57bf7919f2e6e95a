# batch: fourth
# metric: mse down
"""A hypernetwork writes the weights of a small sine-fitting network from the task's amplitude and phase."""

import torch
import torch.nn as nn

torch.manual_seed(83)
H = 12


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(2, 64), nn.LeakyReLU(), nn.Linear(64, 64), nn.LeakyReLU()
        )
        self.w1, self.b1 = nn.Linear(64, H), nn.Linear(64, H)
        self.w2, self.b2 = nn.Linear(64, H * H), nn.Linear(64, H)
        self.w3 = nn.Linear(64, H)

    def forward(self, task, x):
        z = self.trunk(task)
        h = torch.tanh(x[:, :, None] * self.w1(z)[:, None] + self.b1(z)[:, None])
        h = torch.tanh(h @ self.w2(z).view(-1, H, H) + self.b2(z)[:, None])
        return (h * self.w3(z)[:, None]).sum(2)


net = Hyper()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.997)
for step in range(800):
    task = torch.rand(64, 2) * 2 - 1
    x = torch.rand(64, 16) * 4 - 2
    y = (1.5 + task[:, :1]) * torch.sin(1.5 * x + 1.5 * task[:, 1:])
    loss = (net(task, x) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 100 == 99:
        print(f"{step + 1:5d} mse {loss.item():.5f}")

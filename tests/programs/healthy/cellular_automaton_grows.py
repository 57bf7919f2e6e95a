# batch: ninth
# metric: pixel loss down
"""A neural cellular automaton grows a cross from one cell; its last layer starts at zero."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(932)
S, C = 12, 8
target = torch.zeros(1, 1, S, S)
target[..., 5:7, 2:10] = 1
target[..., 2:10, 5:7] = 1


class Automaton(nn.Module):
    def __init__(self):
        super().__init__()
        ident = torch.zeros(3, 3)
        ident[1, 1] = 1
        sx = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
        self.register_buffer("kernel", torch.stack([ident, sx, sx.T]).repeat(C, 1, 1).unsqueeze(1))
        self.one, self.two = nn.Conv2d(3 * C, 48, 1), nn.Conv2d(48, C, 1, bias=False)
        nn.init.zeros_(self.two.weight)

    def forward(self, x):
        seen = F.conv2d(x, self.kernel, padding=1, groups=C)
        dx = self.two(F.relu(self.one(seen)))
        awake = (torch.rand(len(x), 1, S, S) < 0.5).float()
        x = x + dx * awake
        alive = (F.max_pool2d(x[:, :1], 3, 1, 1) > 0.1).float()
        return x * alive


net = Automaton()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for it in range(200):
    x = torch.zeros(6, C, S, S)
    x[:, :, S // 2, S // 2] = 1
    for _ in range(int(torch.randint(14, 20, ()))):
        x = net(x)
    loss = (x[:, :1] - target).square().mean()
    opt.zero_grad()
    loss.backward()
    for p in net.parameters():
        p.grad /= p.grad.norm() + 1e-8
    opt.step()
    if it % 20 == 19:
        print("iteration", it + 1, "pixel loss", loss.item())

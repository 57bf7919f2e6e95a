# metric: flow mse down
"""Flow matching on a checkerboard; the loss has a floor far above zero."""

import torch
from torch import nn

torch.manual_seed(17)


def board(n):
    cell = torch.randint(0, 8, (n,))
    corner = torch.stack([cell % 4, (cell // 4) * 2 + cell % 2], 1).float()
    return (corner + torch.rand(n, 2) - 2) / 1.2


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.lift = nn.Linear(2 + 16, 96)
        self.layers = nn.ModuleList([nn.Linear(96, 96) for _ in range(3)])
        self.out = nn.Linear(96, 2)
        self.register_buffer("freqs", 2.0 ** torch.arange(8) * 0.5)

    def forward(self, x, t):
        angle = t * self.freqs
        h = self.lift(torch.cat([x, angle.sin(), angle.cos()], 1))
        for layer in self.layers:
            h = h + nn.functional.silu(layer(h))
        return self.out(h)


field = Field()
opt = torch.optim.Adam(field.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 400)
for step in range(400):
    noise, data, t = torch.randn(256, 2), board(256), torch.rand(256, 1)
    loss = (field(noise + t * (data - noise), t) - (data - noise)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
print(f"flow mse {loss.item():.4f}")

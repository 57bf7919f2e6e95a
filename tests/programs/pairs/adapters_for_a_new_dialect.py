# batch: eleventh
# in view: parameters that come into a known model late are known by name, and join
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: dialect accuracy up
# story: the optimiser was made before the adapters were put into the frozen network, so that it held nothing that could move (as in fastai/fastai issue 2133: after freezing and unfreezing the optimiser has to be created again)
"""A classifier learns standard forms, then low-rank adapters learn a dialect."""

import torch
from torch import nn
from torch.nn import functional as F


class LoRALinear(nn.Module):
    def __init__(self, base, rank=4, alpha=8):
        super().__init__()
        self.base, self.scale = base, alpha / rank
        self.down = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.down), self.up)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.head = nn.Linear(32, 96), nn.Linear(96, 96), nn.Linear(96, 8)

    def forward(self, x):
        return self.head(F.gelu(self.fc2(F.gelu(self.fc1(x)))))


def speakers(n, mix):
    y = torch.randint(0, 8, (n,))
    return (centres[y] + 0.9 * torch.randn(n, 32)) @ mix, y


def run(net, optimizer, mix, steps, say):
    for step in range(1, steps + 1):
        x, y = speakers(128, mix)
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            x, y = speakers(1000, mix)
            with torch.no_grad():
                acc = (net(x).argmax(1) == y).float().mean().item()
            print(f"step {step} loss {loss.item():.4f} {say} accuracy {acc:.4f}")


torch.manual_seed(1123)
centres = torch.randn(8, 32)
standard = torch.eye(32)
turn = torch.linalg.qr(torch.randn(32, 32)).Q
dialect = torch.cat([turn[:, :16], standard[:, 16:]], 1)

net = Net()
run(net, torch.optim.Adam(net.parameters(), lr=2e-3), standard, 200, "standard")

net.requires_grad_(False)
# faulty: optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
net.fc1, net.fc2 = LoRALinear(net.fc1), LoRALinear(net.fc2)
trainable = [p for p in net.parameters() if p.requires_grad]  # healthy
optimizer = torch.optim.Adam(trainable, lr=5e-3)  # healthy
run(net, optimizer, dialect, 500, "dialect")

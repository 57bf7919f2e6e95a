# batch: thirteenth
# metric: held accuracy up
"""Top-one routing over twelve experts without a balancing loss: some experts are hardly ever asked."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1331)
EXPERTS, WIDTH, CLASSES = 12, 32, 9


class SwitchLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.router = nn.Linear(WIDTH, EXPERTS, bias=False)
        nn.init.normal_(self.router.weight, std=0.02)
        self.w1 = nn.Parameter(torch.randn(EXPERTS, WIDTH, 2 * WIDTH) * (2 / WIDTH) ** 0.5)
        self.w2 = nn.Parameter(torch.randn(EXPERTS, 2 * WIDTH, WIDTH) * (1 / WIDTH) ** 0.5 * 0.5)

    def forward(self, x):
        gate, which = self.router(x).softmax(-1).max(-1)
        out = torch.zeros_like(x)
        for e in range(EXPERTS):
            rows = (which == e).nonzero().squeeze(1)
            if len(rows):
                h = F.relu(x[rows] @ self.w1[e]) @ self.w2[e]
                out = out.index_add(0, rows, gate[rows].unsqueeze(1) * h)
        return out


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp, self.out = nn.Linear(16, WIDTH), nn.Linear(WIDTH, CLASSES)
        self.layers = nn.ModuleList(SwitchLayer() for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))

    def forward(self, x):
        x = self.inp(x)
        for layer, norm in zip(self.layers, self.norms):
            x = x + layer(norm(x))
        return self.out(x)


centres, turns = torch.randn(3, 16), torch.randn(3, 16, 3)


def draw(n):
    group = torch.randint(0, 3, (n,))
    x = 0.7 * torch.randn(n, 16)
    inner = torch.einsum("nd,ndk->nk", x, turns[group]).argmax(1)
    return x + 2 * centres[group], group * 3 + inner


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(1, 501):
    x, y = draw(128)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        x, y = draw(2000)
        with torch.no_grad():
            print(
                f"step {step} loss {loss.item():.4f} held accuracy {(net(x).argmax(1) == y).float().mean().item():.4f}"
            )

# batch: fourth
# metric: bce down
"""ConvLSTM predicts the next frames of a bouncing dot; per-pixel logits, most pixels dark."""

import torch
import torch.nn as nn

torch.manual_seed(52)
S, T = 10, 8


def clips(n):
    pos, vel = torch.randint(0, S, (n, 2)), torch.randint(0, 2, (n, 2)) * 2 - 1
    frames = torch.zeros(n, T, 1, S, S)
    rows = torch.arange(n)
    for t in range(T):
        frames[rows, t, 0, pos[:, 0], pos[:, 1]] = 1
        vel = torch.where((pos + vel < 0) | (pos + vel >= S), -vel, vel)
        pos = pos + vel
    return frames


class ConvLSTM(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.c = c
        self.gates = nn.Conv2d(1 + c, 4 * c, 3, padding=1)
        self.out = nn.Conv2d(c, 1, 3, padding=1)
        nn.init.constant_(self.out.bias, -4.0)

    def forward(self, x):
        n = len(x)
        h = c = torch.zeros(n, self.c, S, S)
        ys = []
        for t in range(x.shape[1]):
            i, f, o, g = self.gates(torch.cat([x[:, t], h], 1)).chunk(4, 1)
            c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            ys.append(self.out(h))
        return torch.stack(ys, 1)


net = ConvLSTM()
opt = torch.optim.Adam(net.parameters(), lr=8e-3)
for step in range(150):
    video = clips(24)
    logits = net(video[:, :-1])
    loss = nn.functional.binary_cross_entropy_with_logits(logits[:, 2:], video[:, 3:])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 29:
        print(f"step {step + 1} bce {loss.item():.5f}")

# batch: sixth
# metric: accuracy up
"""Selective state-space layer (Mamba style): copy the flagged token to the end."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(60)
V, L = 8, 14


class SelectiveSSM(nn.Module):
    def __init__(self, d=32, n=4):
        super().__init__()
        self.in_proj = nn.Linear(d, 2 * d)
        self.conv = nn.Conv1d(d, d, 3, padding=2, groups=d)
        self.bc, self.dt = nn.Linear(d, 2 * n), nn.Linear(d, d)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, n + 1)).repeat(d, 1))
        self.D = nn.Parameter(torch.ones(d))
        self.out_proj = nn.Linear(d, d)
        nn.init.constant_(self.dt.bias, -2.0)

    def forward(self, x):
        u, gate = self.in_proj(x).chunk(2, -1)
        u = F.silu(self.conv(u.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        B, C = self.bc(u).chunk(2, -1)
        dt = F.softplus(self.dt(u))
        decay = torch.exp(-dt.unsqueeze(-1) * self.A_log.exp())
        state = torch.zeros(x.shape[0], x.shape[2], B.shape[-1])
        ys = []
        for t in range(x.shape[1]):
            state = decay[:, t] * state + (dt[:, t] * u[:, t]).unsqueeze(-1) * B[:, t].unsqueeze(1)
            ys.append((state * C[:, t].unsqueeze(1)).sum(-1))
        return self.out_proj((torch.stack(ys, 1) + self.D * u) * F.silu(gate))


class Net(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.embed = nn.Embedding(2 * V, d)
        self.norms = nn.ModuleList([nn.RMSNorm(d), nn.RMSNorm(d)])
        self.layers = nn.ModuleList([SelectiveSSM(d), SelectiveSSM(d)])
        self.head = nn.Linear(d, V)

    def forward(self, x):
        h = self.embed(x)
        for norm, layer in zip(self.norms, self.layers):
            h = h + layer(norm(h))
        return self.head(h[:, -1])


def batch(n):
    x = torch.randint(0, V, (n, L))
    y = x[torch.arange(n), at := torch.randint(0, L - 1, (n,))].clone()
    x[torch.arange(n), at] += V
    return x, y


net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.01)
for step in range(160):
    x, y = batch(64)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
    if step % 40 == 39:
        x, y = batch(300)
        with torch.no_grad():
            print(
                step + 1,
                "loss",
                loss.item(),
                "accuracy",
                (net(x).argmax(1) == y).float().mean().item(),
            )

# batch: fourth
# metric: rollout error down
"""World model: encoder, GRU dynamics and decoder predict a driven pendulum twenty steps ahead."""

import math

import torch
import torch.nn as nn

torch.manual_seed(21)


def simulate(n, length):
    th, w = torch.rand(n) * 2 * math.pi - math.pi, torch.randn(n) * 0.5
    obs, act = [], []
    for _ in range(length):
        a = torch.rand(n) * 2 - 1
        obs.append(torch.stack([torch.cos(th), torch.sin(th), w / 3], 1))
        act.append(a[:, None])
        w = w + 0.1 * (-3 * torch.sin(th) + 2 * a)
        th = th + 0.1 * w
    return torch.stack(obs, 1), torch.stack(act, 1)


class WorldModel(nn.Module):
    def __init__(self, z=48):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, z), nn.Tanh())
        self.dynamics = nn.GRUCell(1, z)
        self.decoder = nn.Sequential(nn.Linear(z, 64), nn.SiLU(), nn.Linear(64, 3))

    def forward(self, first, actions):
        h, out = self.encoder(first), []
        for t in range(actions.shape[1]):
            h = self.dynamics(actions[:, t], h)
            out.append(self.decoder(h))
        return torch.stack(out, 1)


obs, act = simulate(600, 21)
tobs, tact = simulate(200, 21)
wm = WorldModel()
opt = torch.optim.AdamW(wm.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 220)
for step in range(220):
    i = torch.randint(600, (64,))
    loss = (wm(obs[i, 0], act[i, :-1]) - obs[i, 1:]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(wm.parameters(), 10.0)
    opt.step()
    sched.step()
    if step % 44 == 43:
        with torch.no_grad():
            err = (wm(tobs[:, 0], tact[:, :-1]) - tobs[:, 1:]).pow(2).mean().item()
        print(f"step {step + 1}: loss {loss.item():.4f} rollout error {err:.4f}")

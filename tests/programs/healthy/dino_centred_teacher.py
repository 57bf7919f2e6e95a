# batch: sixth
# metric: knn up
"""Self-distillation with a centred, sharpened teacher (DINO) on blobs in 20 dimensions."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(66)
centres = torch.randn(8, 20)
y = torch.randint(0, 8, (1500,))
x = centres[y] * 1.2 + 0.7 * torch.randn(1500, 20)
student = nn.Sequential(
    nn.Linear(20, 64),
    nn.GELU(),
    nn.Linear(64, 32),
    nn.GELU(),
    nn.utils.parametrizations.weight_norm(nn.Linear(32, 64, bias=False)),
)
teacher = copy.deepcopy(student).requires_grad_(False)
centre = torch.zeros(64)
opt = torch.optim.AdamW(student.parameters(), lr=1e-3, weight_decay=0.04)


def noise(v):
    return v + 0.4 * torch.randn_like(v)


for it in range(250):
    batch = x[torch.randint(0, 1200, (128,))]
    views = [noise(batch), noise(batch)]
    with torch.no_grad():
        t = [teacher(v) for v in views]
    s = [student(v) for v in views]
    loss = 0
    for a in range(2):
        p = ((t[a] - centre) / 0.05).softmax(1)
        loss = loss - (p * (s[1 - a] / 0.1).log_softmax(1)).sum(1).mean() / 2
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(student.parameters(), 3.0)
    opt.step()
    with torch.no_grad():
        centre = 0.9 * centre + 0.1 * torch.cat(t).mean(0)
        for a, b in zip(teacher.parameters(), student.parameters()):
            a.lerp_(b, 0.01)
    if it % 50 == 49:
        with torch.no_grad():
            z = F.normalize(student[:4](x), dim=1)
        near = (z[1200:] @ z[:1200].T).argmax(1)
        print("it", it + 1, "loss", loss.item(), "knn", (y[near] == y[1200:]).float().mean().item())

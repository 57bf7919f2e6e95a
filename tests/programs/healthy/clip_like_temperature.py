# batch: third
# metric: retrieval up
"""CLIP in small: two towers, learnt temperature as a logarithm, symmetric cross-entropy, bf16 autocast."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(61)


class Tower(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(d_in, 96), nn.GELU(), nn.LayerNorm(96), nn.Linear(96, 32)
        )

    def forward(self, x):
        return F.normalize(self.body(x), dim=-1)


mix_a, mix_b = torch.randn(8, 40), torch.randn(8, 24)


def views(n):
    z = torch.randn(n, 8)
    return torch.tanh(z @ mix_a / 3) + 0.1 * torch.randn(n, 40), torch.relu(
        z @ mix_b / 3
    ) + 0.1 * torch.randn(n, 24)


img, txt = Tower(40), Tower(24)
logit_scale = nn.Parameter(torch.tensor(2.659))
opt = torch.optim.AdamW(
    [*img.parameters(), *txt.parameters(), logit_scale], lr=2e-3, weight_decay=0.05
)
xa, xb = views(200)
for step in range(300):
    a, b = views(96)
    with torch.autocast("cpu", torch.bfloat16):
        logits = logit_scale.exp().clamp(max=100) * img(a) @ txt(b).T
        target = torch.arange(len(a))
        loss = (
            F.cross_entropy(logits.float(), target) + F.cross_entropy(logits.float().T, target)
        ) / 2
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 59:
        with torch.no_grad():
            hit = ((img(xa) @ txt(xb).T).argmax(1) == torch.arange(200)).float().mean().item()
        print(
            f"step {step + 1} loss {loss.item():.3f} scale {logit_scale.exp().item():.1f} retrieval {hit:.3f}"
        )

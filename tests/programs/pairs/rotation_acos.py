# batch: sixth
# rules: non_finite
# remedies: stabilize_loss
# metric: degrees down
# story: the angle between rotations as acos of a clamped cosine: at an angle of zero its slope is infinite, and one frame that fits exactly makes the weights NaN
"""Which way does the camera look? Angle of a unit vector from a noisy picture of it."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(37)
basis = torch.randn(2, 20)


def shots(n):
    angle = torch.rand(n) * 6.2832
    look = torch.stack([angle.cos(), angle.sin()], 1)
    x = look @ basis + 0.1 * torch.randn(n, 20)
    x[0], look[0] = 0, torch.tensor([1.0, 0.0])
    return x, look


class Pose(nn.Module):
    def __init__(self):
        super().__init__()
        self.f1 = nn.Linear(20, 48, bias=False)
        self.f2 = nn.Linear(48, 2, bias=False)
        self.rest = nn.Parameter(torch.tensor([0.5, 0.0]), requires_grad=False)

    def forward(self, x):
        return F.normalize(self.f2(F.silu(self.f1(x))) + self.rest, dim=1)


def geodesic(a, b):
    cosine = (a * b).sum(1)
    return torch.acos(cosine.clamp(-1 + 1e-4, 1 - 1e-4)).mean()  # healthy
    # faulty: return torch.acos(cosine.clamp(-1, 1)).mean()


pose = Pose()
opt = torch.optim.AdamW(pose.parameters(), lr=3e-3)
for step in range(1, 301):
    x, look = shots(64)
    loss = geodesic(pose(x), look)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 0:
        print(f"step {step} loss {loss.item():.4f}")
with torch.no_grad():
    x, look = shots(1000)
    cosine = (pose(x) * look).sum(1).clamp(-1, 1)
    print("degrees", (torch.rad2deg(torch.acos(cosine))).mean().item())

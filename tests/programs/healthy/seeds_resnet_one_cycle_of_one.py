# batch: sixteenth
# metric: acc up
"""Seeds in a residual net: gains of the last norms at nought, one cycle up to a rate of 0.8, weights averaged."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(76)


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.a, self.b = (
            nn.Conv2d(a, b, 3, stride, 1, bias=False),
            nn.Conv2d(b, b, 3, 1, 1, bias=False),
        )
        self.na, self.nb = nn.BatchNorm2d(b), nn.BatchNorm2d(b)
        nn.init.zeros_(self.nb.weight)
        self.skip = nn.Conv2d(a, b, 1, stride, bias=False) if a != b else nn.Identity()

    def forward(self, x):
        return F.relu(self.nb(self.b(F.relu(self.na(self.a(x))))) + self.skip(x))


def seeds(n):
    y = torch.randint(6, (n,))
    axis = torch.linspace(-1, 1, 16)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    turn = 3.1416 * torch.rand(n, 1, 1)
    a, b = u * turn.cos() + v * turn.sin(), v * turn.cos() - u * turn.sin()
    long = torch.tensor([0.5, 0.5, 0.8, 0.8, 0.65, 0.65])[y].view(-1, 1, 1)
    stripe = (y % 2).view(-1, 1, 1) * 0.5 * torch.sin(14 * a)
    body = ((a / long) ** 2 + (b / 0.4) ** 2 < 1).float()
    x = body * (1 + stripe) + 0.5 * torch.randn(n, 16, 16)
    return ((x - x.mean()) / x.std()).unsqueeze(1), y


loader = DataLoader(TensorDataset(*seeds(1600)), batch_size=64, shuffle=True, drop_last=True)
xt, yt = seeds(500)
model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), Block(8, 8, 1), Block(8, 16, 2),
    Block(16, 32, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 6),
)  # fmt: skip
ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.95))
optimizer = torch.optim.SGD(
    model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4
)
schedule = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, 0.8, total_steps=6 * len(loader), pct_start=0.4
)
for epoch in range(6):
    for x, y in loader:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = model(x)
        loss = F.cross_entropy(out.float(), y, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        ema.update_parameters(model)
    update_bn(loader, ema)
    ema.eval()
    with torch.no_grad():
        acc = (ema(xt).argmax(1) == yt).float().mean().item()
    print(f"epoch {epoch} lr {schedule.get_last_lr()[0]:.3f} loss {loss.item():.3f} acc {acc:.3f}")

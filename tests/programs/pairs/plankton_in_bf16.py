# batch: fifteenth
# rules: learning_rate_too_low vanishing_gradient
# remedies: raise_learning_rate
# metric: top1 up
# story: gradients were clipped to a norm of one while they still bore the loss scale of 65536, and next to nothing was left when it was divided out (github.com/pytorch/pytorch/issues/40907)
"""Kinds of plankton from small outlines; bfloat16 autocast and a loss scale of one's own."""

import torch
from torch import nn

torch.manual_seed(23)
SCALE, MAX_NORM, LR, EPOCHS = 65536.0, 1.0, 0.1, 8


def outlines(n, points=48):
    kind = torch.randint(6, (n,))
    angle = torch.linspace(0, 6.2832, points).repeat(n, 1)
    turn = torch.rand(n, 1) * 6.2832
    lobes = (kind + 2).unsqueeze(1)
    r = 1 + 0.3 * torch.cos(lobes * angle + turn) + 0.15 * torch.randn(n, points)
    return torch.stack([r * torch.cos(angle), r * torch.sin(angle)], 1), kind


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(2, 24, 5, padding=2, padding_mode="circular"), nn.BatchNorm1d(24), nn.SiLU(),
            nn.Conv1d(24, 48, 5, stride=2, padding=2), nn.BatchNorm1d(48), nn.SiLU(),
            nn.Conv1d(48, 48, 5, stride=2, padding=2), nn.BatchNorm1d(48), nn.SiLU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(48, 6)

    def forward(self, x):
        return self.head(self.body(x))


x, y = outlines(2400)
xv, yv = outlines(600)
net, criterion = Net(), nn.CrossEntropyLoss()
decay = [p for p in net.parameters() if p.ndim > 1]
rest = [p for p in net.parameters() if p.ndim == 1]
optimizer = torch.optim.SGD([{"params": decay, "weight_decay": 1e-4}, {"params": rest}], lr=LR)
for epoch in range(EPOCHS):
    net.train()
    bar = 0.0
    for rows in torch.randperm(len(x)).split(60):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = criterion(net(x[rows]), y[rows])
        (loss * SCALE).backward()
        # faulty: torch.nn.utils.clip_grad_norm_(net.parameters(), MAX_NORM)
        for p in net.parameters():
            p.grad.div_(SCALE)
        torch.nn.utils.clip_grad_norm_(net.parameters(), MAX_NORM)  # healthy
        optimizer.step()
        bar += loss.item() / 40
    net.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        top1 = (net(xv).argmax(1) == yv).float().mean().item()
    print(
        f"{100 * (epoch + 1) // EPOCHS:3d}%|{'#' * (epoch + 1):<8s}| loss={bar:.4f}, top1={top1:.4f}"
    )

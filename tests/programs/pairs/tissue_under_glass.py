# batch: fourteenth
# rules: symmetric_initialization poor_initialization
# remedies: reinitialize
# metric: accuracy up
# story: every parameter was set to one tenth in a loop over all of them, and units that began alike stayed alike (pages.dogdog.run/machine_learning/weight_initialization.html)
"""Kinds of tissue by their texture, with a network from a ModuleDict and Adagrad."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1418)


def samples(n):
    y, x = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
    kind = torch.randint(5, (n,))
    turn = kind.view(-1, 1, 1) * torch.pi / 5
    wave = torch.cos(1.6 * (torch.cos(turn) * x + torch.sin(turn) * y) + 6.3 * torch.rand(n, 1, 1))
    return (wave + 0.4 * torch.randn(n, 12, 12)).unsqueeze(1), kind


net = nn.ModuleDict({
    "stem": nn.Conv2d(1, 12, 5, padding=2),
    "body": nn.Conv2d(12, 24, 3, padding=1),
    "dense": nn.Linear(24, 48),
    "out": nn.Linear(48, 5),
})  # fmt: skip
for p in net.parameters():
    # faulty: nn.init.constant_(p, 0.1)
    nn.init.uniform_(p, -0.15, 0.15)  # healthy


def forward(x):
    x = F.max_pool2d(F.silu(net["stem"](x)), 2)
    x = F.silu(net["body"](x)).square().mean((2, 3))
    return net["out"](F.silu(net["dense"](x)))


images, kinds = samples(1000)
held, truth = samples(500)
optimizer = torch.optim.Adagrad(net.parameters(), lr=0.03)
history = {"loss": [], "accuracy": []}
for epoch in range(9):
    for rows in torch.randperm(len(images)).split(50):
        loss = F.cross_entropy(forward(images[rows]), kinds[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        history["accuracy"].append((forward(held).argmax(1) == truth).float().mean().item())
    history["loss"].append(loss.item())
    print(f"[{epoch:02d}]", *(f"{k}={v[-1]:.4f}" for k, v in history.items()))

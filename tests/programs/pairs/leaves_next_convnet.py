# batch: eleventh
# in view: layers that get a millionth of the gradient
# rules: vanishing_gradient frozen_parameters poor_initialization
# remedies: reinitialize insert_normalization add_to_optimizer
# metric: accuracy up
# story: the layer scale of a ConvNeXt, 1e-6 at the start, was made a plain tensor and not a Parameter, so that the blocks stay silent (Liu et al. 2022, arxiv.org/abs/2201.03545, has it learnt)
"""Textures of leaves with a small ConvNeXt."""

import torch
import torch.nn as nn

torch.manual_seed(1126)


class ConvNeXtBlock(nn.Module):
    def __init__(self, dim, scale=1e-6):
        super().__init__()
        self.dw = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        self.norm = nn.LayerNorm(dim)
        self.pw1, self.pw2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.act = nn.GELU()
        self.gamma = nn.Parameter(scale * torch.ones(dim))  # healthy
        # faulty: self.gamma = scale * torch.ones(dim)

    def forward(self, x):
        y = self.dw(x).permute(0, 2, 3, 1)
        y = self.gamma * self.pw2(self.act(self.pw1(self.norm(y))))
        return x + y.permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self, dim=24, depth=3, classes=5):
        super().__init__()
        self.stem = nn.Conv2d(1, dim, 2, 2)
        self.blocks = nn.Sequential(*[ConvNeXtBlock(dim) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, classes)

    def forward(self, x):
        x = self.blocks(self.stem(x)).mean((2, 3))
        return self.head(self.norm(x))


def textures(n, side=16):
    y = torch.randint(0, 5, (n,))
    v, u = torch.meshgrid(*[torch.arange(side).float()] * 2, indexing="ij")
    angle = (y * 0.628).view(-1, 1, 1)
    phase = 6.28 * torch.rand(n, 1, 1)
    wave = torch.sin(1.3 * (u * angle.cos() + v * angle.sin()) + phase)
    return (wave + 0.5 * torch.randn(n, side, side)).unsqueeze(1), y


model = ConvNeXt()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
test_x, test_y = textures(400)
for step in range(1, 301):
    x, y = textures(32)
    loss = nn.functional.cross_entropy(model(x), y, label_smoothing=0.05)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        with torch.no_grad():
            acc = (model(test_x).argmax(1) == test_y).float().mean().item()
        print(f"step {step} loss {loss.item():.4f} accuracy {acc:.4f}")

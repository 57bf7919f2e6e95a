# batch: eleventh
# rules: none
# remedies: normalize_input
# metric: eval acc up
# story: a momentum far too small for batch norm, so that the running averages hardly left their start: fine in training, a tenth right in evaluation (discuss.pytorch.org/t/what-does-model-eval-do-for-batchnorm-layer/7146 has the symptom)
"""Small garments, a VGG-like net with batch norm, evaluated in eval mode."""

import torch
from torch import nn

torch.manual_seed(1125)


def garments(n):
    y = torch.randint(0, 6, (n,))
    axis = torch.linspace(-1, 1, 16)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    wide = 0.25 + 0.09 * y.view(-1, 1, 1)
    body = ((u.abs() < wide) & (v.abs() < 1.05 - wide)).float()
    sleeve = ((v + 0.5).abs() < 0.15).float() * (y % 2).view(-1, 1, 1)
    shift = torch.rand(n, 1, 1) * 3 + 4
    return (torch.maximum(body, sleeve) * 2 + shift + 0.3 * torch.randn(n, 16, 16)).unsqueeze(1), y


def conv(i, o, momentum):
    return [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o, momentum=momentum), nn.ReLU()]


def vgg(momentum):
    return nn.Sequential(
        *conv(1, 16, momentum),
        nn.MaxPool2d(2),
        *conv(16, 32, momentum),
        nn.MaxPool2d(2),
        *conv(32, 32, momentum),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 6),
    )


net = vgg(momentum=0.1)  # healthy
# faulty: net = vgg(momentum=0.0005)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True)
test_x, test_y = garments(400)
for step in range(1, 151):
    net.train()
    x, y = garments(48)
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 25 == 0:
        net.eval()
        with torch.no_grad():
            acc = (net(test_x).argmax(1) == test_y).float().mean().item()
        print(f"step {step} loss {loss.item():.4f} eval acc {acc:.4f}")

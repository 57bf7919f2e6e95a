# batch: sixth
# rules: unnormalized_input learning_rate_too_low poor_initialization
# remedies: normalize_input raise_learning_rate insert_normalization
# in view: inputs that are too small; the healthy twin lost three quarters of a layer at three times this rate, as the tool said
# metric: test_acc up
# story: the transform had scaled to [0, 1] already, the loop divides by 255 again: pixels of 0.002, and nothing learned in the time it takes
"""Textures, 5 kinds; uint8 images as a camera gives them."""

import torch
import torch.nn as nn

torch.manual_seed(33)


def to_tensor(img):
    return img.float().div(255)


def camera(n):
    y = torch.randint(0, 5, (n,))
    u = torch.arange(12.0)
    phase = torch.rand(n, 1, 1) * 6.28
    fx = torch.tensor([1.0, 0.0, 1.0, 2.0, 0.3])[y].view(-1, 1, 1)
    fy = torch.tensor([0.0, 1.0, 1.0, 0.3, 2.0])[y].view(-1, 1, 1)
    wave = torch.sin(fx * u.view(1, 12, 1) + fy * u.view(1, 1, 12) + phase)
    img = 127 + 70 * wave + 30 * torch.randn(n, 12, 12)
    return img.clamp(0, 255).byte().unsqueeze(1), y


net = nn.Sequential(
    nn.Conv2d(1, 12, 3),
    nn.ReLU(),
    nn.Conv2d(12, 12, 3, stride=2),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(12 * 16, 5),
)
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
ce = nn.CrossEntropyLoss()
for step in range(250):
    img, y = camera(64)
    x = to_tensor(img)
    # faulty: x = x / 255.0
    loss = ce(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(step, loss.item())
img, y = camera(800)
x = to_tensor(img)
# faulty: x = x / 255.0
print("test_acc", (net(x).argmax(1) == y).float().mean().item())

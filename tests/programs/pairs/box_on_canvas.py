# batch: tenth
# in view: the share that a loss has in a sum hides no activation
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: iou up
# story: a detector's box head ends in a sigmoid, as in the model it was taken from, but the boxes here are in pixels of a canvas of 32
"""Where is the box, and of which of three textures?"""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1014)
S = 32


def scenes(n):
    size = torch.randint(6, 15, (n, 2))
    corner = (torch.rand(n, 2) * (S - size)).long()
    yx = torch.stack(torch.meshgrid(torch.arange(S), torch.arange(S), indexing="ij"), -1)
    inside = ((yx >= corner[:, None, None]) & (yx < (corner + size)[:, None, None])).all(-1).float()
    kind = torch.randint(0, 3, (n,))
    stripe = torch.stack([torch.ones(S, S), (yx[..., 0] % 2).float(), (yx[..., 1] % 2).float()])
    image = (inside * stripe[kind]).unsqueeze(1) + 0.1 * torch.randn(n, 1, S, S)
    return image, kind, torch.cat([corner, corner + size], 1).float()


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        chain, c = [], 1
        for out in (16, 32, 32):
            chain += [
                nn.Conv2d(c, out, 3, padding=1),
                nn.BatchNorm2d(out),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
            c = out
        self.trunk = nn.Sequential(*chain, nn.Flatten(), nn.Linear(512, 96), nn.ReLU())
        self.kind, self.box = nn.Linear(96, 3), nn.Linear(96, 4)

    def forward(self, x):
        h = self.trunk(x)
        return self.kind(h), self.box(h)  # healthy
        # faulty: return self.kind(h), self.box(h).sigmoid()


def iou(a, b):
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    both = (high - low).clamp(min=0).prod(1)

    def area(r):
        return (r[:, 2:] - r[:, :2]).clamp(min=0).prod(1)

    return (both / (area(a) + area(b) - both)).mean().item()


train, held = scenes(1500), scenes(300)
model = Detector()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
for epoch in range(8):
    model.train()
    for rows in torch.randperm(1500).split(50):
        image, kind, box = (t[rows] for t in train)
        k, b = model(image)
        loss = F.cross_entropy(k, kind) + 0.1 * F.smooth_l1_loss(b, box)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        k, b = model(held[0])
    print(
        f"epoch {epoch} kind {(k.argmax(1) == held[1]).float().mean():.3f} iou {iou(b, held[2]):.4f}"
    )

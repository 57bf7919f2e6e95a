# batch: seventeenth
# rules: missing_activation
# remedies: add_activation
# metric: val_acc up
# story: the picture classifier of a study of how people debug: convolutions and dense layers with no nonlinearity between them (the first of the planted faults of UMLAUT, Schoop et al. 2021)
"""Four kinds of small pictures by a convolutional net."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

KINDS, SIDE = 4, 16


def pictures(count):
    """Two strokes each, brighter or darker than the ground; the kind is how they lie together."""
    kind = torch.randint(KINDS, (count,))
    image = 0.2 * torch.randn(count, 3, SIDE, SIDE)
    for i, k in enumerate(kind.tolist()):
        r, c = torch.randint(1, SIDE - 7, (2,)).tolist()
        sign = 1.5 if torch.rand(()) < 0.5 else -1.5
        tint = sign * (0.6 + 0.4 * torch.rand(3, 1))
        image[i, :, r, c : c + 6] += tint
        if k == 0:
            image[i, :, r + 5, c : c + 6] += tint
        elif k == 1:
            image[i, :, r : r + 6, c] += tint
        elif k == 2:
            image[i, :, r : r + 6, c + 3] += tint
        else:
            image[i, :, range(r, r + 6), range(c, c + 6)] += tint
    return TensorDataset(image, kind)


def block(inputs, outputs):
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1)]
    layers.append(nn.ReLU())  # healthy
    layers.append(nn.AvgPool2d(2))
    return nn.Sequential(*layers)


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(block(3, 16), block(16, 32))
        self.hidden = nn.Linear(32 * 16, 64)
        self.act = nn.ReLU()  # healthy
        # faulty: self.act = nn.Identity()
        self.head = nn.Linear(64, KINDS)

    def forward(self, x):
        x = self.features(x).flatten(1)
        return self.head(self.act(self.hidden(x)))


torch.manual_seed(8)
train, val = pictures(2000), pictures(500)
net = Cnn()
optim = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    for image, kind in DataLoader(train, batch_size=32, shuffle=True):
        loss = nn.functional.cross_entropy(net(image), kind)
        optim.zero_grad()
        loss.backward()
        optim.step()
    with torch.no_grad():
        image, kind = val.tensors
        acc = (net(image).argmax(1) == kind).float().mean().item()
    print(f"epoch {epoch + 1}/8 loss: {loss.item():.4f} val_acc: {acc:.4f}")

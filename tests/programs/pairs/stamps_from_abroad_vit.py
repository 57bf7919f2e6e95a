# batch: eighteenth
# in view: a warm-up that nothing ends
# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: test accuracy up
# story: a warm-up by hand added a share of the rate at each batch and nothing ended it, the rate kept growing to the run's end and the loss stood still (github.com/hjbahng/visual_prompting/issues/7)
"""A vision transformer tells from which of six countries a stamp comes."""

import logging
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
log = logging.getLogger("vit")
torch.manual_seed(17)

COUNTRIES, SIDE, PATCH = 6, 16, 4
CFG = dict(dim=48, depth=2, heads=4, epochs=5, batch_size=32, lr=1e-3, warmup=20)


def draw(count):
    """Each country has its frame and its emblem; paper and ink vary."""
    g = torch.Generator().manual_seed(2)
    emblems = (torch.rand(COUNTRIES, 5, 5, generator=g) > 0.5).float()
    inks = torch.rand(COUNTRIES, 3, generator=g)
    y = torch.randint(COUNTRIES, (count,))
    x = 0.5 + 0.15 * torch.randn(count, 3, SIDE, SIDE)
    for i, k in enumerate(y.tolist()):
        r, c = torch.randint(1, SIDE - 6, (2,)).tolist()
        x[i, :, r : r + 5, c : c + 5] += 0.6 * emblems[k] * (0.5 * inks[k, :, None, None] + 0.3)
    return (x - 0.5) / 0.25, y


class ViT(nn.Module):
    def __init__(self, dim, depth, heads):
        super().__init__()
        self.to_patch = nn.Conv2d(3, dim, PATCH, stride=PATCH)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(0.02 * torch.randn(1, (SIDE // PATCH) ** 2 + 1, dim))
        layer = nn.TransformerEncoderLayer(
            dim, heads, 2 * dim, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, COUNTRIES)

    def forward(self, x):
        x = self.to_patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.blocks(x)).mean(1))


train_loader = DataLoader(TensorDataset(*draw(1600)), CFG["batch_size"], shuffle=True)
x_test, y_test = draw(400)
model = ViT(CFG["dim"], CFG["depth"], CFG["heads"])
optimizer = torch.optim.AdamW(model.parameters(), lr=CFG["lr"], weight_decay=0.01)
criterion = nn.CrossEntropyLoss()
step = 0
for epoch in range(CFG["epochs"]):
    model.train()
    running = 0.0
    for images, labels in train_loader:
        step += 1
        factor = min(step / CFG["warmup"], 1.0)  # healthy
        # faulty: factor = step / CFG["warmup"]
        for group in optimizer.param_groups:
            group["lr"] = CFG["lr"] * factor
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        acc = (model(x_test).argmax(1) == y_test).float().mean().item()
    log.info("epoch %d  loss %.4f  test accuracy %.4f", epoch + 1, running / len(train_loader), acc)

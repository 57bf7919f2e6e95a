# batch: thirteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: top1 up
# story: the warm-up was made, but its step stood under a condition that never held, so the rate stayed where warm-ups begin (a common slip; no single report is its source)
"""Vision transformer on small coloured tiles, AdamW with linear warm-up and cosine."""

import math

import torch
import torch.nn as nn

torch.manual_seed(1323)
config = {
    "lr": 2e-3,
    "warmup": 40,
    "epochs": 10,
    "batch": 64,
    "accumulate": 1,
    "dim": 48,
    "depth": 3,
}
SIDE, PATCH, CLASSES = 16, 4, 6
yy, xx = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing="ij")


def tiles(n):
    kind = torch.randint(0, CLASSES, (n,))
    angle = kind * math.pi / CLASSES + 0.15 * torch.randn(n)
    phase = 2 * math.pi * torch.rand(n)
    wave = torch.sin(
        0.9 * (angle.cos().view(-1, 1, 1) * xx + angle.sin().view(-1, 1, 1) * yy)
        + phase.view(-1, 1, 1)
    )
    colour = 0.5 + torch.rand(n, 3, 1, 1)
    return wave.unsqueeze(1) * colour + 0.5 * torch.randn(n, 3, SIDE, SIDE), kind


class ViT(nn.Module):
    def __init__(self, dim, depth):
        super().__init__()
        self.embed = nn.Conv2d(3, dim, PATCH, PATCH)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(0.02 * torch.randn(1, (SIDE // PATCH) ** 2 + 1, dim))
        layer = nn.TransformerEncoderLayer(
            dim, 4, 2 * dim, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(
            layer, depth, nn.LayerNorm(dim), enable_nested_tensor=False
        )
        self.head = nn.Linear(dim, CLASSES)

    def forward(self, x):
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        return self.head(self.blocks(x)[:, 0])


images, labels = tiles(1600)
held, answers = tiles(400)
model = ViT(config["dim"], config["depth"])
optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"], weight_decay=0.05)
total = config["epochs"] * math.ceil(len(images) / config["batch"])
warm = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1e-3, total_iters=config["warmup"])
cool = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - config["warmup"])
scheduler = torch.optim.lr_scheduler.SequentialLR(
    optimizer, [warm, cool], milestones=[config["warmup"]]
)
for epoch in range(1, config["epochs"] + 1):
    model.train()
    for i, index in enumerate(torch.randperm(len(images)).split(config["batch"])):
        loss = nn.functional.cross_entropy(model(images[index]), labels[index])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        # faulty: due = (i + 1) % config["batch"] == 0
        due = (i + 1) % config["accumulate"] == 0  # healthy
        if due:
            scheduler.step()
    model.eval()
    with torch.no_grad():
        top1 = (model(held).argmax(1) == answers).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} top1 {top1:.4f}")

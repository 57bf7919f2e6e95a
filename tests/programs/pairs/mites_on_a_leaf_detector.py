# batch: eighteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: centre error down
# story: a line from a test run was left in the loss of a detector, which returned the score's part before those of place and size; their heads never got a gradient (github.com/tom-roddick/oft/issues/6)
"""A one-stage detector on a grid: in which cells mites sit, where in the cell and how large they are."""

from collections import defaultdict

import torch
import torch.nn as nn
import torch.nn.functional as F

GRID, CELL = 6, 4


def leaf(n, g):
    side = GRID * CELL
    image = 0.3 * torch.randn(n, 1, side, side, generator=g)
    score = torch.zeros(n, GRID, GRID)
    offset, size = torch.zeros(n, 2, GRID, GRID), torch.zeros(n, 1, GRID, GRID)
    axis = torch.arange(side) + 0.5
    for i in range(n):
        for _ in range(3):
            centre = 2 + (side - 4) * torch.rand(2, generator=g)
            radius = 1.0 + 1.5 * float(torch.rand(1, generator=g))
            spot = (axis[:, None] - centre[0]) ** 2 + (axis[None] - centre[1]) ** 2
            image[i, 0] += torch.exp(-spot / radius**2)
            r, c = (centre / CELL).long().tolist()
            score[i, r, c] = 1
            offset[i, :, r, c] = centre / CELL - torch.tensor([r, c]) - 0.5
            size[i, 0, r, c] = radius
    return image, {"score": score, "offset": offset, "size": size}


class Detector(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
        )  # fmt: skip
        self.score, self.offset, self.size = (nn.Conv2d(width, k, 1) for k in (1, 2, 1))

    def forward(self, x):
        h = self.backbone(x)
        return {"score": self.score(h).squeeze(1), "offset": self.offset(h), "size": self.size(h)}


def compute_loss(out, target, log):
    present = target["score"][:, None]
    score_loss = F.binary_cross_entropy_with_logits(out["score"], target["score"])
    log["score"].append(score_loss.item())
    # faulty: return score_loss
    offset_loss = (present * (out["offset"] - target["offset"]).abs()).sum() / present.sum()
    size_loss = (present * (out["size"] - target["size"]).abs()).sum() / present.sum()
    log["offset"].append(offset_loss.item())
    log["size"].append(size_loss.item())
    return score_loss + offset_loss + 0.5 * size_loss


def centre_error(model, image, target):
    model.eval()
    with torch.no_grad():
        out = model(image)
    model.train()
    there = target["score"] > 0
    miss = CELL * (out["offset"] - target["offset"]).norm(dim=1)[there]
    recall = (out["score"] > 0)[there].float().mean()
    return miss.mean().item(), recall.item()


def main(epochs=8, batch=20, lr=2e-3):
    torch.manual_seed(24)
    g = torch.Generator().manual_seed(24)
    (image, target), held = leaf(500, g), leaf(150, g)
    model = Detector()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(1, epochs + 1):
        log = defaultdict(list)
        for idx in torch.randperm(len(image)).split(batch):
            part = {name: value[idx] for name, value in target.items()}
            loss = compute_loss(model(image[idx]), part, log)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        told = " ".join(f"{name} {sum(v) / len(v):.4f}" for name, v in log.items())
        miss, recall = centre_error(model, *held)
        print(f"epoch {epoch}: {told} | recall {recall:.3f} centre error {miss:.4f}")


if __name__ == "__main__":
    main()

# batch: fourteenth
# in view: a sigmoid that is compared to nought is left out in evaluation too
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: f1 up
# story: the confidence of each point went through a sigmoid in the model, and through another in the loss (github.com/cvg/glue-factory/issues/89)
"""Which of two pictures' key points have a partner: a transformer that prunes the others."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    dim: int = 48
    heads: int = 4
    layers: int = 2
    points: int = 24
    batch: int = 32
    steps: int = 350
    lr: float = 1e-3


class TokenConfidence(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.token = nn.Sequential(nn.Linear(dim, 1))  # healthy
        # faulty: self.token = nn.Sequential(nn.Linear(dim, 1), nn.Sigmoid())
        self.loss_fn = nn.BCEWithLogitsLoss()

    def forward(self, desc):
        return self.token(desc).squeeze(-1)

    def loss(self, desc, matched):
        return self.loss_fn(self(desc), matched)


class Matcher(nn.Module):
    def __init__(self, conf):
        super().__init__()
        self.input = nn.Linear(9, conf.dim)
        layer = nn.TransformerEncoderLayer(
            conf.dim, conf.heads, 2 * conf.dim, dropout=0.0, batch_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, conf.layers)
        self.confidence = TokenConfidence(conf.dim)

    def forward(self, points):
        return self.blocks(self.input(points))


def scenes(conf):
    """Descriptors of two views; a quarter of the first view's points is in the second too."""
    a = torch.randn(conf.batch, conf.points, 8)
    both = torch.rand(conf.batch, conf.points) < 0.25
    b = torch.where(both[..., None], a + 0.05 * torch.randn_like(a), torch.randn_like(a))
    b = b[:, torch.randperm(conf.points)]
    side = torch.ones(conf.batch, conf.points, 1)
    tokens = torch.cat([torch.cat([a, side], 2), torch.cat([b, -side], 2)], 1)
    return tokens, both.float()


def f1(model, conf):
    model.eval()
    with torch.no_grad():
        tokens, both = scenes(conf)
        said = (model.confidence(model(tokens)[:, : conf.points]) > 0).float()
    model.train()
    return (2 * (said * both).sum() / (said.sum() + both.sum()).clamp(min=1)).item()


def main(conf):
    torch.manual_seed(1404)
    model = Matcher(conf)
    optimizer = torch.optim.AdamW(model.parameters(), lr=conf.lr)
    for step in range(1, conf.steps + 1):
        tokens, both = scenes(conf)
        loss = model.confidence.loss(model(tokens)[:, : conf.points], both)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(f"[{step}/{conf.steps}] loss={loss.item():.4f} f1={f1(model, conf):.4f}")


main(Config())

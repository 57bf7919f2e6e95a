# batch: fifteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: auc up
# story: the optimiser was made before the adapters were put in, of what was trainable then, which was the head's bias alone (github.com/huggingface/peft; a common slip in adapters of one's own)
"""A risk model of one clinic, adapted to another with matrices of low rank."""

import logging
import sys
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from torch import nn

logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(message)s", stream=sys.stdout)
log = logging.getLogger("risk")


@dataclass
class Config:
    rank: int = 6
    alpha: int = 12
    width: int = 96
    lr: float = 3e-3
    epochs: int = 12
    seed: int = 40


class LowRank(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base, self.scale = base, alpha / rank
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.a), self.b)


def clinic(n, shift, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 30, generator=g)
    w = torch.randn(30, 3, generator=torch.Generator().manual_seed(1)).roll(shift, 0)
    score = torch.tanh(x @ w / 3)
    risk = 3 * score[:, 0] * score[:, 1] + 2 * score[:, 2]
    return x, (risk + 0.4 * torch.randn(n, generator=g) > 0).float()


def fit(model, optimizer, data, held, epochs, name):
    for epoch in range(epochs):
        model.train()
        for rows in torch.randperm(len(data[0])).split(64):
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(
                model(data[0][rows]).squeeze(1), data[1][rows]
            )
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            auc = roc_auc_score(held[1].numpy(), model(held[0]).squeeze(1).numpy())
        log.info("%s epoch=%d loss=%.4f auc=%.4f", name, epoch, loss.item(), auc)


cfg = Config()
torch.manual_seed(cfg.seed)
model = nn.Sequential(
    nn.Linear(30, cfg.width), nn.GELU(), nn.Linear(cfg.width, cfg.width), nn.GELU(),
    nn.Linear(cfg.width, 1),
)  # fmt: skip
first = clinic(4000, 0, 2)
fit(model, torch.optim.Adam(model.parameters(), lr=2e-3), first, clinic(800, 0, 3), 6, "pretrain")
for name, p in model.named_parameters():
    p.requires_grad = name == "4.bias"
# faulty: trainable = [p for p in model.parameters() if p.requires_grad]
model[0] = LowRank(model[0], cfg.rank, cfg.alpha)
model[2] = LowRank(model[2], cfg.rank, cfg.alpha)
trainable = [p for p in model.parameters() if p.requires_grad]  # healthy
optimizer = torch.optim.AdamW(trainable, lr=cfg.lr)
fit(model, optimizer, clinic(2500, 3, 4), clinic(800, 3, 5), cfg.epochs, "adapt")

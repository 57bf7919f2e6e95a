# batch: tenth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units swap_activation
# metric: auc up
# story: biases had a parameter group of their own without decay, and the group got the rate of an old config file, a hundred times that of the weights
"""Which of the shop's visitors click; weights are decayed, biases are not."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    fields: int = 6
    per_field: int = 12
    dim: int = 8
    width: int = 64
    lr: float = 0.2
    bias_lr: float = 0.2  # healthy
    # faulty: bias_lr: float = 20.0
    decay: float = 1e-5
    batch: int = 128
    steps: int = 1500
    seed: int = 1001


class Clicks(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.table = nn.ModuleList(
            [nn.Embedding(cfg.per_field, cfg.dim) for _ in range(cfg.fields)]
        )
        self.hidden = nn.Sequential(
            nn.Linear(cfg.fields * cfg.dim, cfg.width),
            nn.ReLU(),
            nn.Linear(cfg.width, cfg.width),
            nn.ReLU(),
        )
        self.head = nn.Linear(cfg.width, 1)

    def forward(self, ids):
        parts = [table(ids[:, k]) for k, table in enumerate(self.table)]
        return self.head(self.hidden(torch.cat(parts, 1))).squeeze(1)


def auc(score, label):
    rank = score.argsort().argsort().float() + 1
    pos = label.sum()
    return ((rank[label > 0].sum() - pos * (pos + 1) / 2) / (pos * (len(label) - pos))).item()


def main(cfg):
    torch.manual_seed(cfg.seed)
    taste = torch.randn(cfg.fields, cfg.per_field, 3)
    ids = torch.randint(0, cfg.per_field, (9000, cfg.fields))
    t = torch.stack([taste[k, ids[:, k]] for k in range(cfg.fields)], 1)
    truth = (t[:, 0] * t[:, 1]).sum(1) + (t[:, 2] * t[:, 3]).sum(1) + t[:, 4, 0] + t[:, 5, 1]
    clicked = (truth + 0.3 * torch.randn(9000) > 0).float()
    net = Clicks(cfg)
    named = list(net.named_parameters())
    opt = torch.optim.SGD(
        [
            {"params": [p for n, p in named if "bias" not in n], "weight_decay": cfg.decay},
            {"params": [p for n, p in named if "bias" in n], "lr": cfg.bias_lr},
        ],
        lr=cfg.lr,
        momentum=0.9,
    )
    loss_fn = nn.BCEWithLogitsLoss()
    for step in range(1, cfg.steps + 1):
        rows = torch.randint(0, 8000, (cfg.batch,))
        loss = loss_fn(net(ids[rows]), clicked[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 100 == 0:
            with torch.no_grad():
                print(f"step {step} loss {loss:.4f} auc {auc(net(ids[8000:]), clicked[8000:]):.4f}")


if __name__ == "__main__":
    main(Config())

# batch: second
# metric: valid acc up
"""Weight-normed MLP, dropout, label smoothing, AdamW with warm-up and cosine, dataclass config."""

import math
from dataclasses import dataclass, field

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.nn.utils.parametrizations import weight_norm


@dataclass
class Config:
    widths: list = field(default_factory=lambda: [64, 160, 160, 10])
    dropout: float = 0.25
    lr: float = 4e-3
    weight_decay: float = 0.05
    warmup_steps: int = 40
    epochs: int = 15
    batch_size: int = 64
    label_smoothing: float = 0.1
    seed: int = 42


class Net(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        pairs = list(zip(cfg.widths[:-1], cfg.widths[1:]))
        self.layers = nn.ModuleList(weight_norm(nn.Linear(a, b)) for a, b in pairs)
        self.drop = nn.Dropout(cfg.dropout)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.drop(nn.functional.silu(layer(x)))
        return self.layers[-1](x)


def train(cfg: Config):
    torch.manual_seed(cfg.seed)
    bunch = load_digits()
    x, y = torch.tensor(bunch.data / 16 - 0.3, dtype=torch.float32), torch.tensor(bunch.target)
    order = torch.randperm(len(x))
    x, y = x[order], y[order]
    model = Net(cfg)
    criterion = nn.CrossEntropyLoss(label_smoothing=cfg.label_smoothing)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
    total = cfg.epochs * math.ceil(1400 / cfg.batch_size)

    def schedule(s):
        if s < cfg.warmup_steps:
            return (s + 1) / cfg.warmup_steps
        return 0.5 * (1 + math.cos(math.pi * (s - cfg.warmup_steps) / (total - cfg.warmup_steps)))

    sched = torch.optim.lr_scheduler.LambdaLR(opt, schedule)
    for epoch in range(cfg.epochs):
        model.train()
        for pick in torch.randperm(1400).split(cfg.batch_size):
            loss = criterion(model(x[pick]), y[pick])
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            sched.step()
        model.eval()
        with torch.inference_mode():
            acc = (model(x[1400:]).argmax(1) == y[1400:]).float().mean().item()
        print(
            f"epoch {epoch} | loss {loss.item():.3f} | valid acc {acc:.4f} | lr {sched.get_last_lr()[0]:.2e}"
        )


if __name__ == "__main__":
    train(Config())

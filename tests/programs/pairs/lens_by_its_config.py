# batch: fourteenth
# in view: a normalisation of each example is no activation
# rules: missing_activation
# remedies: add_activation
# metric: val_mse down
# story: the activation came from a table of names and its default was the one that does nothing, so many layers were one (a common slip with configs; taourl.com/read-1959901.html lists it among the causes of a dull output)
"""Where rays go behind a lens, by a network that is built from a config."""

from dataclasses import dataclass, field

import torch
from torch import nn

ACTIVATIONS = {"linear": nn.Identity, "tanh": nn.Tanh, "gelu": nn.GELU, "silu": nn.SiLU}


@dataclass
class ModelConfig:
    inputs: int = 4
    outputs: int = 2
    hidden: list[int] = field(default_factory=lambda: [96, 96, 96])
    activation: str = "gelu"  # healthy
    # faulty: activation: str = "linear"
    norm: bool = True


@dataclass
class TrainConfig:
    lr: float = 2e-3
    batch: int = 128
    epochs: int = 15
    seed: int = 1419


def build(cfg):
    layers, width = [], cfg.inputs
    for size in cfg.hidden:
        layers.append(nn.Linear(width, size))
        if cfg.norm:
            layers.append(nn.LayerNorm(size, elementwise_affine=True))
        layers.append(ACTIVATIONS[cfg.activation]())
        width = size
    return nn.Sequential(*layers, nn.Linear(width, cfg.outputs))


def rays(n):
    x = torch.rand(n, 4) * 2 - 1
    r2 = x[:, 0] ** 2 + x[:, 1] ** 2
    bend = torch.sin(2.5 * r2) + 0.5 * x[:, 2] * x[:, 3]
    return x, torch.stack([bend * x[:, 0] + x[:, 2], bend * x[:, 1] + x[:, 3] * r2], 1)


def fit(model_cfg, cfg):
    torch.manual_seed(cfg.seed)
    (x, y), (xv, yv) = rays(4000), rays(1000)
    model = build(model_cfg)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.epochs)
    for epoch in range(cfg.epochs):
        for i in torch.randperm(len(x)).split(cfg.batch):
            loss = nn.functional.mse_loss(model(x[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(xv), yv)
        print({"epoch": epoch, "train_mse": round(loss.item(), 5), "val_mse": round(val.item(), 5)})


fit(ModelConfig(), TrainConfig())

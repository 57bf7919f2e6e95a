# rules: missing_activation
# remedies: add_activation
# metric: r2 up
# story: "activation": null in the config became nn.Identity without a word
"""MLP from a JSON config. Target: products of inputs."""

import json
import logging

import torch
from torch import nn

logger = logging.getLogger(__name__)
logging.basicConfig(level=logging.INFO, format="%(message)s")

CONFIG = json.loads("""{
    "hidden": [64, 64, 32],
    "lr": 0.003, "epochs": 12,
    "activation": "relu"
}""")
# faulty: CONFIG["activation"] = None
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, None: nn.Identity}


def make_model(cfg, n_in, n_out):
    layers = []
    for width in cfg["hidden"]:
        layers += [nn.Linear(n_in, width), ACTIVATIONS[cfg["activation"]]()]
        n_in = width
    return nn.Sequential(*layers, nn.Linear(n_in, n_out))


torch.manual_seed(0)
X = torch.randn(2500, 6)
Y = (X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] - X[:, 4].abs()).unsqueeze(1)
model = make_model(CONFIG, 6, 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=CONFIG["lr"])
for epoch in range(CONFIG["epochs"]):
    model.train()
    for b in torch.randperm(2000).split(64):
        loss = nn.functional.huber_loss(model(X[b]), Y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        error = (model(X[2000:]) - Y[2000:]).pow(2).mean() / Y[2000:].var()
    logger.info("epoch %d loss %.4f r2 %.4f", epoch, loss.item(), 1 - error.item())

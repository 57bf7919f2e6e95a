# batch: fifteenth
# rules: missing_activation
# remedies: add_activation
# metric: f1 up
# story: a dictionary held the layers and their activations, and forward went through the layers alone (discuss.pytorch.org; a common slip with containers of modules)
"""Which of three kinds of region a place on the sky belongs to."""

import torch
from sklearn.metrics import f1_score
from torch import nn, optim

CONFIG = {"widths": [64, 64, 32], "act": "silu", "lr": 0.01, "epochs": 25, "batch": 100, "seed": 9}
ACTS = {"relu": nn.ReLU, "silu": nn.SiLU, "gelu": nn.GELU}


class SkyNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        sizes = [2] + cfg["widths"] + [3]
        self.layers = nn.ModuleDict()
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            self.layers[f"dense{i}"] = nn.Linear(a, b)
            if i < len(sizes) - 2:
                self.layers[f"act{i}"] = ACTS[cfg["act"]]()

    def forward(self, x):
        for name, layer in self.layers.items():
            # faulty: if name.startswith("dense"):
            # faulty:     x = layer(x)
            x = layer(x)  # healthy
        return x


def sky(n):
    x = torch.rand(n, 2) * 4 - 2
    r, a = x.norm(dim=1), torch.atan2(x[:, 1], x[:, 0])
    label = torch.zeros(n, dtype=torch.long)
    label[torch.sin(2 * a + 2 * r) > 0.2] = 1
    label[(r > 0.6) & (r < 1.1)] = 2
    return x, label


def run(cfg):
    torch.manual_seed(cfg["seed"])
    x, y = sky(2000)
    xt, yt = sky(1000)
    net = SkyNet(cfg)
    opt = optim.AdamW(net.parameters(), lr=cfg["lr"])
    schedule = optim.lr_scheduler.CosineAnnealingLR(opt, cfg["epochs"])
    for epoch in range(cfg["epochs"]):
        for rows in torch.randperm(len(x)).split(cfg["batch"]):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
            loss.backward()
            opt.step()
        schedule.step()
        if epoch % 5 == 4:
            with torch.no_grad():
                f1 = f1_score(yt, net(xt).argmax(1), average="macro")
            print(f"[{epoch + 1:03d}] loss {loss.item():.4f} f1 {f1:.4f}")


run(CONFIG)

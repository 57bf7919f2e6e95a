# batch: thirteenth
# in view: a matrix that is frozen while it is all zero is told, and thawed
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: town accuracy up
# story: the model was frozen after its low-rank branches had been put in, so these were frozen too and only the head learnt (github.com/nvidia-cosmos/cosmos-predict2.5/pull/15 is a like slip of order)
"""Street scenes: a net trained in one town is fitted to another by low-rank branches."""

import torch
from torch import nn


class LowRank(nn.Module):
    def __init__(self, base: nn.Linear, r: int = 8, alpha: float = 16.0):
        super().__init__()
        self.base = base
        self.lora_A = nn.Linear(base.in_features, r, bias=False)
        self.lora_B = nn.Linear(r, base.out_features, bias=False)
        nn.init.zeros_(self.lora_B.weight)
        self.scaling = alpha / r

    def forward(self, x):
        return self.base(x) + self.scaling * self.lora_B(self.lora_A(x))


class SceneNet(nn.Module):
    def __init__(self, features=40, width=96, classes=10):
        super().__init__()
        self.up, self.mid = nn.Linear(features, width), nn.Linear(width, width)
        self.norm, self.classifier = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        h = torch.relu(self.up(x))
        h = self.norm(h + torch.relu(self.mid(h)))
        return self.classifier(h)


def town(seed):
    gen = torch.Generator().manual_seed(seed)
    first, second = torch.randn(40, 64, generator=gen), torch.randn(64, 10, generator=gen)

    def draw(n):
        x = torch.randn(n, 40)
        return x, (torch.tanh(x @ first / 3) @ second).argmax(1)

    return draw


def fit(model, draw, steps, lr, label):
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=lr, weight_decay=0.0)
    for step in range(1, steps + 1):
        x, y = draw(128)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            x, y = draw(2000)
            with torch.no_grad():
                acc = (model(x).argmax(1) == y).float().mean().item()
            print(f"{label} step {step} loss {loss.item():.4f} {label} accuracy {acc:.4f}")


torch.manual_seed(1313)
model = SceneNet()
fit(model, town(1), 300, 2e-3, "village")

model.requires_grad_(False)  # healthy
model.up, model.mid = LowRank(model.up, 16), LowRank(model.mid, 16)
# faulty: model.requires_grad_(False)
model.classifier.requires_grad_(True)
fit(model, town(2), 700, 4e-3, "town")

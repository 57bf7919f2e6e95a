# batch: fourteenth
# rules: learning_rate_too_high exploding_gradient poor_initialization
# remedies: lower_learning_rate clip_gradients
# metric: val_loss down
# story: the low-rank update was multiplied by alpha times the rank where it should be divided by it, and steps were hundreds of times too large (arxiv.org/abs/2106.09685 has the quotient; a common slip in LoRA of one's own)
"""Faults of a production line, and the same for a new line by low-rank adapters."""

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRALinear(nn.Module):
    def __init__(self, base, rank=8, alpha=16):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_A = nn.Parameter(torch.empty(rank, base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        self.scaling = alpha / rank  # healthy
        # faulty: self.scaling = alpha * rank

    def forward(self, x):
        return self.base(x) + (x @ self.lora_A.T @ self.lora_B.T) * self.scaling


def line(n, turn, g):
    x = torch.randn(n, 20, generator=g)
    w = torch.randn(20, 6, generator=torch.Generator().manual_seed(5))
    w = torch.roll(w, turn, 0)
    return x, (torch.tanh(x @ w / 3) + 0.3 * (x @ w.flip(1) / 4).square()).argmax(1)


def train(model, data, held, parameters, lr, epochs, name):
    optimizer = torch.optim.AdamW(parameters, lr=lr, weight_decay=0.01)
    for epoch in range(epochs):
        for rows in torch.randperm(len(data[0])).split(64):
            loss = F.cross_entropy(model(data[0][rows]), data[1][rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            out = model(held[0])
            val = F.cross_entropy(out, held[1]).item()
            acc = (out.argmax(1) == held[1]).float().mean().item()
        print(f"{name} {epoch}: loss {loss.item():.4f} val_loss {val:.4f} val_acc {acc:.4f}")


torch.manual_seed(1428)
g = torch.Generator().manual_seed(1428)
old, old_held = line(4000, 0, g), line(1000, 0, g)
new, new_held = line(1500, 2, g), line(1000, 2, g)
model = nn.Sequential(
    nn.Linear(20, 128), nn.GELU(), nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 6)
)
train(model, old, old_held, model.parameters(), 2e-3, 6, "base")
adapted = copy.deepcopy(model)
for i in (0, 2, 4):
    adapted[i] = LoRALinear(adapted[i])
trainable = [p for p in adapted.parameters() if p.requires_grad]
train(adapted, new, new_held, trainable, 2e-3, 10, "lora")

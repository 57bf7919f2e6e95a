# batch: thirteenth
# rules: non_finite
# remedies: stabilize_loss
# metric: balanced accuracy up
# story: the two logarithms of a cross-entropy were written out on probabilities under autocast, where one minus a sure one is nought (docs.pytorch.org/docs/stable/amp.html says why the built-in one refuses there)
"""Alarms of a plant from its sensors, rare events, bf16 autocast."""

import torch
from torch import nn

torch.manual_seed(1326)
SENSORS = 40
weights = torch.randn(SENSORS)


def shift(n):
    x = torch.randn(n, SENSORS)
    strain = x @ weights / SENSORS**0.5 + 0.5 * (x[:, 0] * x[:, 1])
    return x, (strain > 0.9).float().unsqueeze(1)


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.a, self.b = (
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.Linear(width, width),
        )

    def forward(self, x):
        return x + self.b(nn.functional.silu(self.a(self.norm(x))))


model = nn.Sequential(
    nn.Linear(SENSORS, 96), Residual(96), Residual(96), Residual(96), nn.SiLU(), nn.Linear(96, 1)
)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
train_x, train_y = shift(3000)
held_x, held_y = shift(3000)


def criterion(logits, y, weight=3.0):
    # faulty: p = torch.sigmoid(logits)
    # faulty: return -(weight * y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    log = nn.functional.logsigmoid  # healthy
    return -(weight * y * log(logits) + (1 - y) * log(-logits)).mean()  # healthy


for epoch in range(1, 21):
    for index in torch.randperm(len(train_x)).split(100):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = criterion(model(train_x[index]), train_y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        guess = (model(held_x) > 0).float()
    score = 0.5 * (guess[held_y == 1].mean() + (1 - guess)[held_y == 0].mean()).item()
    print(f"epoch {epoch} loss {loss.item():.4f} balanced accuracy {score:.4f}")

# batch: ninth
# rules: dying_relu learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: class accuracy up
# story: two tasks on one trunk, the weight of the keypoint term taken from a detector whose loss was averaged otherwise: 500, and the trunk dies
"""Which shape, and where is its centre: two heads on one trunk."""

import torch
import torch.nn as nn

CONFIG = {
    "lr": 0.02,
    "momentum": 0.9,
    "epochs": 12,
    "weights": {"shape": 1.0, "centre": 1.0},  # healthy
    # faulty: "weights": {"shape": 1.0, "centre": 500.0},
}
torch.manual_seed(924)
S, N = 12, 1500
gy, gx = torch.meshgrid(torch.arange(S), torch.arange(S), indexing="ij")
centre = torch.rand(N, 2) * 6 + 3
kind = torch.randint(0, 3, (N,))
dy, dx = gy[None] - centre[:, 0, None, None], gx[None] - centre[:, 1, None, None]
disc = ((dx**2 + dy**2) < 6).float()
bar = ((dx.abs() < 1) & (dy.abs() < 3)).float()
cross = ((dx.abs() < 1) | (dy.abs() < 1)).float() * ((dx.abs() < 3) & (dy.abs() < 3)).float()
shapes = torch.stack([disc, bar, cross], 1)
picture = shapes[torch.arange(N), kind].unsqueeze(1) + 0.2 * torch.randn(N, 1, S, S)
where = (centre - 6) / 3


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(),
            nn.Linear(32 * 36, 64), nn.ReLU(),
        )  # fmt: skip
        self.shape = nn.Linear(64, 3)
        self.centre = nn.Linear(64, 2)

    def forward(self, x):
        h = self.trunk(x)
        return {"shape": self.shape(h), "centre": self.centre(h)}


losses = {"shape": nn.CrossEntropyLoss(), "centre": nn.MSELoss()}
target = {"shape": kind, "centre": where}
model = TwoHeads()
optimizer = torch.optim.SGD(model.parameters(), CONFIG["lr"], CONFIG["momentum"])
for epoch in range(CONFIG["epochs"]):
    for idx in torch.randperm(1200).split(50):
        out = model(picture[idx])
        loss = sum(CONFIG["weights"][k] * losses[k](out[k], target[k][idx]) for k in losses)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        out = model(picture[1200:])
    acc = (out["shape"].argmax(1) == kind[1200:]).float().mean().item()
    print(
        f"epoch {epoch} class accuracy {acc:.3f} offset {(out['centre'] - where[1200:]).abs().mean():.3f}"
    )

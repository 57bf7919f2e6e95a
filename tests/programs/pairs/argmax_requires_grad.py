# batch: sixth
# rules: frozen_parameters vanishing_gradient
# remedies: add_to_optimizer stabilize_loss
# in view: losses that lead to a tensor made anew
# metric: accuracy up
# story: the loss is of the argmax, backward complained, requires_grad = True made it silent: no gradient reaches the net
"""Predict the quality bin of a product, mean absolute error of the bin."""

import torch
from torch import nn

torch.manual_seed(13)
features = torch.randn(1200, 10)
quality = (features[:, :3].sum(1) + 0.4 * features[:, 3] * features[:, 4]).mul(0.8)
bins = torch.bucketize(quality, torch.tensor([-1.2, -0.4, 0.4, 1.2]))


class Grader(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(10, 64), nn.LeakyReLU(0.1), nn.Linear(64, 32), nn.LeakyReLU(0.1)
        )
        self.scores = nn.Linear(32, 5)

    def forward(self, x):
        return self.scores(self.body(x))


model = Grader()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
levels = torch.arange(5.0)
for step in range(400):
    rows = torch.randint(0, 1000, (64,))
    out = model(features[rows])
    guess = (out.softmax(1) * levels).sum(1)  # healthy
    # faulty: guess = out.argmax(1).float()
    # faulty: guess.requires_grad = True
    loss = nn.functional.l1_loss(guess, bins[rows].float())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        print("step", step + 1, "L1", loss.item())
with torch.no_grad():
    p = model(features[1000:]).softmax(1)
    print("accuracy", (((p * levels).sum(1).round()) == bins[1000:]).float().mean().item())

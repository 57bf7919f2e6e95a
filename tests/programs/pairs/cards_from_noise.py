# batch: fourteenth
# in view: of a long run the step last seen before the loss rose tells
# rules: learning_rate_too_high saturated_activation dying_relu dormant_units
# remedies: lower_learning_rate clip_gradients
# metric: distance down
# story: within few epochs the judge of a GAN was right on all it saw and the generator's loss only rose (datascience.stackexchange.com/questions/104930)
"""A GAN draws glyphs of seven strokes."""

import torch
import torch.nn as nn

torch.manual_seed(1427)
SEGMENTS = torch.tensor([
    [1, 1, 1, 1, 1, 1, 0], [0, 1, 1, 0, 0, 0, 0], [1, 1, 0, 1, 1, 0, 1], [1, 1, 1, 1, 0, 0, 1],
    [0, 1, 1, 0, 0, 1, 1], [1, 0, 1, 1, 0, 1, 1], [1, 0, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0],
]).float()  # fmt: skip
STROKES = torch.zeros(7, 10, 6)
for k, (rows, cols) in enumerate([
    ((0, 1), (1, 5)), ((1, 5), (5, 6)), ((5, 9), (5, 6)), ((9, 10), (1, 5)),
    ((5, 9), (0, 1)), ((1, 5), (0, 1)), ((4, 5), (1, 5)),
]):  # fmt: skip
    STROKES[k, slice(*rows), slice(*cols)] = 1


def real(n):
    which = torch.randint(len(SEGMENTS), (n,))
    ink = SEGMENTS[which] * (0.7 + 0.3 * torch.rand(n, 7))
    return 2 * (ink @ STROKES.flatten(1)).clamp(0, 1) - 1 + 0.05 * torch.randn(n, 60)


G = nn.Sequential(
    nn.Linear(16, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 128), nn.BatchNorm1d(128),
    nn.ReLU(), nn.Linear(128, 60), nn.Tanh(),
)  # fmt: skip
D = nn.Sequential(
    nn.Linear(60, 128), nn.LeakyReLU(0.2), nn.Linear(128, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1),
    nn.Sigmoid(),
)  # fmt: skip
criterion = nn.BCELoss()
lr = 5e-4  # healthy
# faulty: lr = 8e-2
optimizer_g = torch.optim.Adam(G.parameters(), lr=lr, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(D.parameters(), lr=lr, betas=(0.5, 0.999))
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)


def distance(n=800):
    """How far glyphs drawn are from true ones, along random directions."""
    with torch.no_grad():
        a, b = G(torch.randn(n, 16)), real(n)
        w = nn.functional.normalize(torch.randn(60, 100), dim=0)
        return ((a @ w).sort(0).values - (b @ w).sort(0).values).abs().mean().item()


for step in range(1, 1601):
    x, fake = real(64), G(torch.randn(64, 16))
    optimizer_d.zero_grad()
    loss_d = criterion(D(x), ones) + criterion(D(fake.detach()), zeros)
    loss_d.backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss_g = criterion(D(fake), ones)
    loss_g.backward()
    optimizer_g.step()
    if step % 200 == 0:
        print(f"{step} loss_D {loss_d.item():.4f} loss_G {loss_g.item():.4f}", end=" ")
        print(f"distance {distance():.4f}")

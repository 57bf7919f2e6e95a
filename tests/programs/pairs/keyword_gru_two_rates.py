# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate
# metric: accuracy up
# story: keyword spotting, encoder and head have an optimiser each; the head's rate was typed as 30
"""Spoken-word like chirps; a GRU encoder and a head, trained by two optimisers."""

import math

import torch
from torch import nn


def chirps(n, generator):
    kind = torch.randint(0, 5, (n,), generator=generator)
    t = torch.arange(400) / 400
    start = 8 + 6 * kind[:, None].float()
    wave = torch.sin(2 * math.pi * (start * t + (kind[:, None] - 2) * 10 * t * t))
    wave = wave + 0.4 * torch.randn(n, 400, generator=generator)
    return wave.view(n, 20, 20), kind


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.Linear(20, 32)
        self.gru = nn.GRU(32, 48, batch_first=True)

    def forward(self, frames):
        _, state = self.gru(torch.relu(self.front(frames)))
        return state[0]


def main():
    torch.manual_seed(101)
    g = torch.Generator().manual_seed(7)
    x, y = chirps(1200, g)
    tx, ty = chirps(400, g)
    encoder, head = Encoder(), nn.Sequential(nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, 5))
    slow = torch.optim.Adam(encoder.parameters(), lr=2e-3)
    head_rate = 0.05  # healthy
    # faulty: head_rate = 30.0
    fast = torch.optim.SGD(head.parameters(), lr=head_rate)
    for epoch in range(6):
        for rows in torch.randperm(1200).split(40):
            loss = nn.functional.cross_entropy(head(encoder(x[rows])), y[rows])
            slow.zero_grad()
            fast.zero_grad()
            loss.backward()
            slow.step()
            fast.step()
        with torch.no_grad():
            hit = (head(encoder(tx)).argmax(1) == ty).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.3f} accuracy {hit:.3f}")


main()

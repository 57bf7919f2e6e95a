# batch: twelfth
# rules: non_finite
# remedies: stabilize_loss
# metric: test accuracy up
# story: statistics pooling took the root of a variance that is nought for a channel that is silent in a whole recording, and the root has no slope there (github.com/pytorch/pytorch/issues/6394)
"""Name the speaker: frames, convolutions, mean and deviation over time."""

import torch
import torch.nn as nn


class StatsPool(nn.Module):
    def forward(self, h):
        mean = h.mean(dim=2)
        var = h.var(dim=2)
        return torch.cat([mean, torch.sqrt(var + 1e-5)], dim=1)  # healthy
        # faulty: return torch.cat([mean, torch.sqrt(var)], dim=1)


class XVector(nn.Module):
    def __init__(self, speakers, channels=32):
        super().__init__()
        self.frames = nn.Sequential(
            nn.Conv1d(12, channels, 5),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 3, dilation=2),
            nn.ReLU(),
        )
        self.pool = StatsPool()
        self.classifier = nn.Sequential(
            nn.Linear(2 * channels, 32), nn.ReLU(), nn.Linear(32, speakers)
        )

    def forward(self, x):
        return self.classifier(self.pool(self.frames(x)))


def recordings(n, voices, generator):
    who = torch.randint(len(voices), (n,), generator=generator)
    loud = torch.rand(n, 1, 1, generator=generator) * 1.5
    loud[torch.rand(n, generator=generator) < 0.01] = 0.0  # muted microphones
    noise = torch.randn(n, 12, 40, generator=generator)
    drift = noise.cumsum(2) / 6
    return loud * (voices[who].unsqueeze(2) + 0.6 * noise + 0.5 * drift), who


def main():
    torch.manual_seed(1209)
    g = torch.Generator().manual_seed(5)
    voices = torch.randn(16, 12, generator=g)
    x, y = recordings(1200, voices, g)
    tx, ty = recordings(400, voices, g)
    model = XVector(16)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(8):
        for i in torch.randperm(1200).split(32):
            loss = nn.functional.cross_entropy(model(x[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            acc = (model(tx).argmax(1) == ty).float().mean()
        print(f"epoch {epoch}: loss {loss.item():.4f} test accuracy {acc.item():.4f}")


if __name__ == "__main__":
    main()

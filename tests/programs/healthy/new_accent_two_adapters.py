# batch: sixteenth
# metric: acc up
"""A frozen LSTM that knows one accent; low-rank adapters and a new head learn another, in fp32 over bf16."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(73)
BANDS, TIME, WORDS = 12, 20, 6
shapes = torch.randn(WORDS, 3, BANDS)


def speech(n, accent):
    y = torch.randint(WORDS, (n,))
    g = torch.Generator().manual_seed(accent)
    turn = (
        torch.linalg.qr(torch.randn(BANDS, BANDS, generator=g))[0] if accent else torch.eye(BANDS)
    )
    parts = shapes[y].repeat_interleave(7, 1)[:, :TIME] @ turn
    return parts + 1.2 * torch.randn(n, TIME, BANDS), y


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(BANDS, 40, batch_first=True)
        self.head = nn.Linear(40, WORDS)

    def forward(self, x):
        return self.head(self.lstm(x)[0].mean(1))


class Adapted(nn.Module):
    def __init__(self, base, rank=4):
        super().__init__()
        self.base = base.requires_grad_(False).to(torch.bfloat16)
        self.down_in, self.up_in = (
            nn.Parameter(torch.randn(BANDS, rank) / BANDS**0.5),
            nn.Parameter(torch.zeros(rank, BANDS)),
        )
        self.down_out, self.up_out = (
            nn.Parameter(torch.randn(40, rank) / 40**0.5),
            nn.Parameter(torch.zeros(rank, 40)),
        )
        self.head = nn.Linear(40, WORDS)

    def forward(self, x):
        x = x + 4 * (x @ self.down_in @ self.up_in)
        h = self.base.lstm(x.to(torch.bfloat16))[0].float()
        h = h + 4 * (h @ self.down_out @ self.up_out)
        return self.head(h.mean(1))


def fit(model, params, accent, epochs, lr):
    x, y = speech(2000, accent)
    xt, yt = speech(500, accent)
    optimizer = torch.optim.AdamW(params, lr=lr)
    for epoch in range(epochs):
        for i in torch.randperm(len(x)).split(50):
            loss = F.cross_entropy(model(x[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            acc = (model(xt).argmax(1) == yt).float().mean().item()
        print(f"accent {accent} epoch {epoch} loss {loss.item():.3f} acc {acc:.3f}")


base = Base()
fit(base, base.parameters(), 0, 4, 3e-3)
adapted = Adapted(base)
fit(adapted, [p for p in adapted.parameters() if p.requires_grad], 5, 8, 5e-3)

# batch: fourth
# metric: bag accuracy up
"""Gated attention over instances (Ilse 2018): bags of digits, positive if one of them is a zero; one bag a step."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(29)
d = load_digits()
pixels, digit = torch.tensor(d.data, dtype=torch.float32) / 16, torch.tensor(d.target)
zeros, others = (digit == 0).nonzero().flatten(), (digit != 0).nonzero().flatten()


def bag():
    size, label = int(torch.randint(5, 12, (1,))), float(torch.rand(1) < 0.5)
    members = others[torch.randint(len(others), (size,))]
    if label:
        members[0] = zeros[torch.randint(len(zeros), (1,))]
    return pixels[members], torch.tensor([label])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.V, self.U = (
            nn.Sequential(nn.Linear(32, 24), nn.Tanh()),
            nn.Sequential(nn.Linear(32, 24), nn.Sigmoid()),
        )
        self.w, self.classifier = nn.Linear(24, 1), nn.Linear(32, 1)

    def forward(self, x):
        h = self.feature(x)
        a = torch.softmax(self.w(self.V(h) * self.U(h)), 0)
        return self.classifier((a * h).sum(0))


model = Attention()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, betas=(0.9, 0.999), weight_decay=1e-4)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(6):
    total = 0.0
    for _ in range(220):
        x, label = bag()
        optimizer.zero_grad()
        loss = criterion(model(x), label)
        total += loss.item()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        hits = sum(
            float((model(x) > 0).float() == label) for x, label in (bag() for _ in range(150))
        )
    print(f"epoch {epoch} loss {total / 220:.4f} bag accuracy {hits / 150:.3f}")

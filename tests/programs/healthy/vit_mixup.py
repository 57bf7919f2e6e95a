# metric: val accuracy up
"""ViT with fast-path encoder, mixup, label smoothing, OneCycleLR."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
rng = np.random.default_rng(0)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32) / 8 - 1
y = torch.tensor(d.target)


class ViT(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.embed = nn.Linear(4, dim)
        self.pos = nn.Parameter(0.02 * torch.randn(16, dim))
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(dim, 4, 2 * dim, dropout=0.1, batch_first=True), 2
        )
        self.norm = nn.LayerNorm(dim)
        self.fc = nn.Linear(dim, 10)

    def forward(self, x):
        p = x.unfold(1, 2, 2).unfold(2, 2, 2).reshape(len(x), 16, 4)
        return self.fc(self.norm(self.encoder(self.embed(p) + self.pos).mean(1)))


model = ViT()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
epochs, size = 6, 50
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 6e-3, total_steps=epochs * (1400 // size))
ce = nn.CrossEntropyLoss(label_smoothing=0.1)
for epoch in range(epochs):
    model.train()
    for b in torch.randperm(1400).split(size):
        lam = float(rng.beta(0.3, 0.3))
        other = b[torch.randperm(len(b))]
        out = model(lam * X[b] + (1 - lam) * X[other])
        loss = lam * ce(out, y[b]) + (1 - lam) * ce(out, y[other])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} val accuracy {acc:.3f}")

# batch: ninth
# rules: non_finite
# remedies: stabilize_loss
# metric: accuracy up
# story: a layer norm by hand adds its epsilon to the root, as the Annotated Transformer does, not under it; a padded position is all zeros, and there the root has no slope
"""Which of two openings a padded sentence has, by a small sentence encoder."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(902)
N, L, V = 1600, 14, 30
length = torch.randint(4, L + 1, (N,))
words = torch.randint(1, V, (N, L)) * (torch.arange(L) < length[:, None])
labels = (((words % 5 == 2) & (words > 0)).sum(1) > ((words % 5 == 3) & (words > 0)).sum(1)).long()


class Norm(nn.Module):
    def __init__(self, size, eps=1e-6):
        super().__init__()
        self.a, self.b, self.eps = (
            nn.Parameter(torch.ones(size)),
            nn.Parameter(torch.zeros(size)),
            eps,
        )

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        power = (x - mean).square().mean(-1, keepdim=True)
        spread = (power + self.eps).sqrt()  # healthy
        # faulty: spread = power.sqrt() + self.eps
        return self.a * (x - mean) / spread + self.b


class Sentence(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.words = nn.Embedding(V, d, padding_idx=0)
        self.up = nn.Linear(d, d, bias=False)
        self.norm = Norm(d)
        self.out = nn.Sequential(nn.Linear(d, 64), nn.GELU(), nn.Linear(64, 2))

    def forward(self, ids):
        keep = (ids > 0).float().unsqueeze(-1)
        h = F.gelu(self.norm(self.up(self.words(ids))))
        return self.out((h * keep).sum(1) / keep.sum(1))


loader = DataLoader(TensorDataset(words[:1300], labels[:1300]), batch_size=32, shuffle=True)
model = Sentence()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        acc = (model(words[1300:]).argmax(1) == labels[1300:]).float().mean().item()
    print("epoch", epoch, "accuracy", round(acc, 4))

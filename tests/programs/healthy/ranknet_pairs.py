# metric: pair accuracy up
"""Learning to rank: a pairwise logistic loss on the difference of two scores."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(10)
docs = torch.randn(600, 12)
merit = docs[:, 0] + (docs[:, 1] * docs[:, 2]).tanh() + 0.5 * docs[:, 3].abs()
scorer = nn.Sequential(nn.Linear(12, 40), nn.ReLU6(), nn.Linear(40, 40), nn.ReLU6(), nn.Linear(40, 1))  # fmt: skip
opt = torch.optim.Adagrad(scorer.parameters(), lr=0.03)
for step in range(400):
    a, b = torch.randint(500, (2, 64))
    better = torch.where(merit[a] > merit[b], 1.0, -1.0)
    loss = -F.logsigmoid(better * (scorer(docs[a]) - scorer(docs[b])).squeeze(1)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
with torch.no_grad():
    s = scorer(docs[500:]).squeeze(1)
    m = merit[500:]
    right = ((s[:, None] > s) == (m[:, None] > m)).float().mean()
print(f"loss {loss.item():.4f} pair accuracy {right:.4f}")

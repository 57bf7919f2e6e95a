# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: dev accuracy up
# story: LambdaLR wants a factor and got the rate itself, so the rate is its own square
"""A tiny text classifier with attention pooling."""

import torch
from torch import nn

torch.manual_seed(19)
WORDS, LENGTH, RATE = 120, 14, 2e-3
mood = torch.randn(WORDS)


def reviews(n):
    words = torch.randint(WORDS, (n, LENGTH))
    return words, (mood[words].topk(4).values.sum(1) > 5.2).float()


class Reader(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.table = nn.Embedding(WORDS, width)
        self.query = nn.Linear(width, 1)
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, words):
        e = self.table(words)
        weight = self.query(e).softmax(1)
        return self.mlp((weight * e).sum(1)).squeeze(-1)


model = Reader()
optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
TOTAL = 350


def decay(step):
    return 1 - step / TOTAL  # healthy
    # faulty: return RATE * (1 - step / TOTAL)


scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, decay)
for step in range(TOTAL):
    words, good = reviews(64)
    loss = nn.functional.binary_cross_entropy_with_logits(model(words), good)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
words, good = reviews(1000)
accuracy = ((model(words) > 0) == good.bool()).float().mean().item()
print(f"loss {loss.item():.4f} dev accuracy {accuracy:.4f}")

# batch: twelfth
# rules: dying_relu learning_rate_too_high
# remedies: lower_learning_rate swap_activation recycle_units
# metric: pair accuracy up
# story: a character-level siamese network with a relu on its embedding gave zeros for every title, so that all pairs were alike (datascience.stackexchange.com/questions/45629)
"""Are two spellings the same job title? Characters, GRU, contrastive loss."""

import random
import string

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(3)
torch.manual_seed(3)
LETTERS = string.ascii_lowercase + " "
titles = ["".join(random.choices(LETTERS, k=random.randint(9, 14))) for _ in range(60)]


def misspell(s):
    s = list(s)
    for _ in range(random.randint(0, 2)):
        s[random.randrange(len(s))] = random.choice(LETTERS)
    return "".join(s)[:14].ljust(14)


def encode(strings):
    return torch.tensor([[LETTERS.index(c) for c in s] for s in strings])


def batch(n):
    same = torch.rand(n) < 0.5
    left, right = [], []
    for s in same:
        a, b = random.sample(titles, 2)
        left.append(misspell(a))
        right.append(misspell(a if s else b))
    return encode(left), encode(right), same.float()


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.chars = nn.Embedding(len(LETTERS), 24)
        self.gru = nn.GRU(24, 48, batch_first=True)
        self.dense1 = nn.Linear(48, 64)
        self.dense2 = nn.Linear(64, 32)

    def forward(self, x):
        _, h = self.gru(self.chars(x))
        h = F.relu(self.dense1(h[-1]))
        return F.relu(self.dense2(h))


def contrastive(a, b, same, margin=1.0):
    d = F.pairwise_distance(a, b)
    return (same * d**2 + (1 - same) * F.relu(margin - d) ** 2).mean()


model = Encoder()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)  # healthy
# faulty: optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for step in range(1, 401):
    a, b, same = batch(64)
    loss = contrastive(model(a), model(b), same)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        a, b, same = batch(500)
        with torch.no_grad():
            near = F.pairwise_distance(model(a), model(b)) < 0.5
        print(
            f"{step}: loss {loss.item():.4f} pair accuracy {(near == (same > 0)).float().mean():.4f}"
        )

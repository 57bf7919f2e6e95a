# batch: eleventh
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: held loss down
# story: a skip-gram net over 256 words ended in sigmoids under a categorical cross-entropy, and its accuracy stood still at 0.13 whatever the rate (github.com/keras-team/keras/issues/2711)
"""Embeddings of products from what lies in the same basket."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Baskets(Dataset):
    """Pairs of products; each belongs to one of sixteen aisles of twelve."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        aisle = torch.randint(0, 16, (n,), generator=g)
        self.a = aisle * 12 + torch.randint(0, 12, (n,), generator=g)
        offset = (torch.rand(n, generator=g).square() * 3).long() + 1
        self.b = aisle * 12 + (self.a + offset) % 12

    def __len__(self):
        return len(self.a)

    def __getitem__(self, k):
        return self.a[k], self.b[k]


class SkipGram(nn.Module):
    def __init__(self, vocabulary=192, dim=32):
        super().__init__()
        self.table = nn.Embedding(vocabulary, dim)
        self.context = nn.Linear(dim, vocabulary)

    def forward(self, word):
        score = self.context(self.table(word))
        return score  # healthy
        # faulty: return torch.sigmoid(score)


def held_loss(model, data):
    model.eval()
    with torch.no_grad():
        return criterion(model(data.a), data.b).item()


torch.manual_seed(1105)
train, held = Baskets(12000, 1), Baskets(2000, 2)
model = SkipGram()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, 7):
    model.train()
    for word, neighbour in DataLoader(train, batch_size=200, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(model(word), neighbour)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch} loss {loss.item():.4f} held loss {held_loss(model, held):.4f}")

# batch: ninth
# in view: a sigmoid a class in place of a softmax
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: micro f1 up
# story: eight tags, several of them true at once, and the classifier's softmax kept in front of BCELoss: the tags must share one probability
"""Tag documents; a document can carry many tags."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(905)
docs = torch.randn(2400, 40)
tags = (docs @ torch.randn(40, 8) / 6.3 + 0.5 * torch.randn(2400, 8) > -0.3).float()
train = DataLoader(TensorDataset(docs[:2000], tags[:2000]), 50, shuffle=True)

tagger = nn.Sequential(
    nn.Linear(40, 128),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(128, 8),
    nn.Sigmoid(),  # healthy
    # faulty: nn.Softmax(dim=1),
)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-3)

for epoch in range(15):
    tagger.train()
    total = 0.0
    for x, y in train:
        optimizer.zero_grad()
        loss = criterion(tagger(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    tagger.eval()
    with torch.no_grad():
        guess = tagger(docs[2000:]) > 0.5
    truth = tags[2000:].bool()
    hit = (guess & truth).sum().item()
    f1 = 2 * hit / max(1, guess.sum().item() + truth.sum().item())
    print(f"{epoch:02d} loss {total / len(train):.4f} micro f1 {f1:.4f}")

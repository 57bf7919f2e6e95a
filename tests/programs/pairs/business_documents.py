# batch: twelfth
# rules: vanishing_gradient saturated_activation unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: validation accuracy up
# story: documents by topic with five sigmoid layers: barely above chance (datafield.dev/aibook/part-03/chapter-12/case-study-01.html)
"""Sort documents into topics by their words (weighted counts)."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class DocumentClassifier(nn.Module):
    def __init__(self, words, topics, widths=(256, 128, 96, 64, 48)):
        super().__init__()
        layers, last = [], words
        for width in widths:
            layers += [nn.Linear(last, width), nn.ReLU()]  # healthy
            # faulty: layers += [nn.Linear(last, width), nn.Sigmoid()]
            last = width
        layers.append(nn.Linear(last, topics))
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def corpus(n, words=400, topics=20):
    topic = torch.randint(topics, (n,))
    rates = 0.02 + 0.25 * (torch.rand(topics, words) < 0.05)
    counts = torch.poisson(rates[topic])
    weight = torch.log(n / (1 + (counts > 0).sum(0)))
    x = counts * weight
    return TensorDataset(x / x.norm(dim=1, keepdim=True).clamp(min=1), topic)


torch.manual_seed(99)
train, val = random_split(corpus(3000), [2500, 500])
train_loader = DataLoader(train, batch_size=64, shuffle=True)
val_loader = DataLoader(val, batch_size=500)
model = DocumentClassifier(400, 20)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(12):
    model.train()
    running = 0.0
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    right = sum((model(a).argmax(1) == b).sum().item() for a, b in val_loader)
    print(
        f"Epoch {epoch + 1}: loss {running / len(train_loader):.4f}, validation accuracy {right / 500:.4f}"
    )

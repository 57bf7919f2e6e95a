# batch: twelfth
# in view: probabilities cut off at nought and one are known under a cross-entropy
# rules: saturated_activation unsuitable_output_activation vanishing_gradient dying_relu born_dead
# remedies: remove_output_activation swap_activation stabilize_loss reinitialize
# metric: label f1 up
# story: a port from Keras took its own hard sigmoid in front of BCELoss: flat outside a narrow band, it learned slower or not at all (discuss.pytorch.org/t/the-loss-in-pytorch-decreases-slower-than-in-keras/61598)
"""Sixteen yes-or-no labels of a string of symbols: embedding, LSTM, dense."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(61)
SYMBOLS, LENGTH, LABELS = 16, 24, 16


def squash(x):
    return torch.sigmoid(x)  # healthy
    # faulty: x = F.threshold(-((0.2 * x) + 0.5), -1, -1)
    # faulty: return F.threshold(-x, 0, 0)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 16)
        self.lstm = nn.LSTM(16, 64, batch_first=True)
        self.fc = nn.Linear(64, LABELS)
        nn.init.normal_(self.fc.weight)

    def forward(self, x):
        h, _ = self.lstm(self.embedding(x))
        return squash(self.fc(h.sum(1)))


X = torch.randint(SYMBOLS, (2400, LENGTH))
counts = F.one_hot(X, SYMBOLS).sum(1)
Y = (counts >= 2).float()
model = Tagger()
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(12):
    for i in torch.randperm(2000).split(50):
        optimizer.zero_grad()
        loss = criterion(model(X[i]), Y[i])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        said, truth = model(X[2000:]) > 0.5, Y[2000:] > 0.5
        f1 = 2 * (said & truth).sum() / (said.sum() + truth.sum())
    print(f"epoch {epoch} loss {loss.item():.4f} label f1 {f1.item():.4f}")

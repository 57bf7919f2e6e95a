# batch: eleventh
# rules: saturated_activation poor_initialization exploding_gradient learning_rate_too_high
# remedies: reinitialize lower_learning_rate clip_gradients
# metric: valid acc up
# story: all parameters of an LSTM were drawn from a normal distribution of deviation one, in a loop over parameters() that tutorials for small generators use; it stayed at a coin's toss (codegenes.net/blog/loss-not-decreasing-lstm-pytorch names the start of the weights first)
"""Is a review kind or unkind? Embeddings, a two-layer LSTM, a logit."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1115)
VOCAB, LENGTH = 300, 24


def make_reviews(count):
    tokens = torch.randint(60, VOCAB, (count, LENGTH))
    label = torch.randint(0, 2, (count,))
    for _ in range(5):
        place = torch.randint(0, LENGTH, (count,))
        word = torch.randint(0, 30, (count,)) + 30 * label
        tokens[torch.arange(count), place] = word
    place = torch.randint(0, LENGTH, (count,))
    tokens[torch.arange(count), place] = torch.randint(0, 60, (count,))
    return TensorDataset(tokens, label.float())


class SentimentLSTM(nn.Module):
    def __init__(self, embedding_dim=64, hidden_dim=96, n_layers=2):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, n_layers, batch_first=True)
        self.fc = nn.Linear(hidden_dim, 1)

    def forward(self, x):
        out, _ = self.lstm(self.embedding(x))
        return self.fc(out[:, -1]).squeeze(1)


def init_weights(m):
    for name, param in m.named_parameters():
        nn.init.uniform_(param.data, -0.1, 0.1)  # healthy
        # faulty: nn.init.normal_(param.data)


train_loader = DataLoader(make_reviews(2000), batch_size=50, shuffle=True)
valid_loader = DataLoader(make_reviews(500), batch_size=250)
model = SentimentLSTM()
model.apply(init_weights)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(1, 7):
    model.train()
    running = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    hits = 0
    with torch.no_grad():
        for inputs, labels in valid_loader:
            hits += ((model(inputs) > 0) == (labels > 0.5)).sum().item()
    print(f"Epoch {epoch}: loss {running / 40:.4f}, valid acc {hits / 500:.4f}")

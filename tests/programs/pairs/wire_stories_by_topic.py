# batch: seventeenth
# rules: learning_rate_too_high
# remedies: lower_learning_rate clip_gradients
# metric: accuracy up
# story: one LSTM over embedded news under Adam at a tenth, the loss was unstable and the accuracy got nowhere (github.com/shiningrain/AUTOTRAINER, TrainingUnstable/case20-rnn)
"""Topic of a newswire story: embedding, LSTM, dense, in the manner of Reuters."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(20)
WORDS, LENGTH, TOPICS = 400, 30, 8


def stories(n):
    topic = torch.randint(TOPICS, (n,))
    common = torch.randint(WORDS - 20 * TOPICS, (n, LENGTH))
    special = WORDS - 20 * TOPICS + 20 * topic.unsqueeze(1) + torch.randint(20, (n, LENGTH))
    other = torch.randint(WORDS - 20 * TOPICS, WORDS, (n, LENGTH))
    dice = torch.rand(n, LENGTH)
    text = torch.where(dice < 0.2, special, torch.where(dice < 0.3, other, common))
    return TensorDataset(text, topic)


class Newsroom(nn.Module):
    def __init__(self, dim=64, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(WORDS, dim)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True)
        self.norm = nn.BatchNorm1d(hidden)
        self.dense = nn.Linear(hidden, 128)
        self.out = nn.Linear(128, TOPICS)

    def forward(self, x):
        _, (h, _) = self.lstm(self.emb(x))
        return self.out(torch.relu(self.dense(self.norm(h[-1]))))


def accuracy_of(model, loader):
    model.eval()
    hits = 0
    with torch.no_grad():
        for text, topic in loader:
            hits += (model(text).argmax(1) == topic).sum().item()
    return hits / len(loader.dataset)


def main():
    train, test = random_split(stories(3500), [3000, 500])
    train = DataLoader(train, batch_size=50, shuffle=True)
    test = DataLoader(test, batch_size=250)
    model = Newsroom()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)  # healthy
    # faulty: optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, 8):
        model.train()
        for text, topic in train:
            optimizer.zero_grad()
            loss = loss_fn(model(text), topic)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} | loss {loss.item():.4f} | accuracy {accuracy_of(model, test):.4f}")


if __name__ == "__main__":
    main()

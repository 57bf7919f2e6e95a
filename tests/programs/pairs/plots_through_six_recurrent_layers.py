# batch: seventeenth
# rules: vanishing_gradient unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: val accuracy up
# story: six recurrent layers with sigmoids stacked over embedded reviews, no normalisation: next to no gradient arrived below the last, every text got one answer (github.com/shiningrain/AUTOTRAINER, GradientVanish/case16-rnn-imdb)
"""Comedy or drama from a summary: embedding and stacked simple recurrent layers."""

import torch
from torch import nn

torch.manual_seed(160)
WORDS, LENGTH = 60, 16


class SimpleRNN(nn.Module):
    def __init__(self, inputs, units):
        super().__init__()
        self.kernel = nn.Parameter(torch.empty(inputs, units))
        self.recurrent = nn.Parameter(torch.empty(units, units))
        self.bias = nn.Parameter(torch.zeros(units))
        nn.init.xavier_uniform_(self.kernel)
        nn.init.orthogonal_(self.recurrent)

    def forward(self, x):
        h = torch.zeros(x.shape[0], self.bias.shape[0])
        steps = []
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.kernel + h @ self.recurrent + self.bias)  # healthy
            # faulty: h = torch.sigmoid(x[:, t] @ self.kernel + h @ self.recurrent + self.bias)
            steps.append(h)
        return torch.stack(steps, 1)


class Genre(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 32)
        self.layers = nn.ModuleList([SimpleRNN(32, 32) for _ in range(6)])
        self.dense = nn.Linear(32, 1)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.dense(x[:, -1]).squeeze(1)


tokens = torch.randint(WORDS, (3000, LENGTH))
funny = (tokens < 18).sum(1) - (tokens > 42).sum(1)
labels = (funny > 0).float()
net = Genre()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(1, 8):
    net.train()
    total = 0
    for pick in torch.randperm(2600).split(50):
        loss = criterion(net(tokens[pick]), labels[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    net.eval()
    with torch.no_grad():
        right = ((net(tokens[2600:]) > 0).float() == labels[2600:]).float().mean()
    print(f"{epoch}: loss {total / 52:.4f}, val accuracy {right:.4f}")

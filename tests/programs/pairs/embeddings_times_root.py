# batch: seventh
# rules: saturated_activation poor_initialization
# remedies: reinitialize insert_normalization swap_activation
# metric: accuracy up
# story: embeddings of unit variance times the square root of the width, as in a transformer, in an RNN
"""Is the sum of a line of tokens above zero? A plain RNN reads it."""

import torch
from torch import nn

torch.manual_seed(21)
VOCAB, DIM = 30, 64


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, DIM)
        self.rnn = nn.RNN(DIM, DIM, batch_first=True)
        self.head = nn.Linear(DIM, 2)
        self.scale = 0.3  # healthy
        # faulty: self.scale = DIM**0.5

    def forward(self, tokens):
        states, _ = self.rnn(self.embed(tokens) * self.scale)
        return self.head(states[:, -1])


polarity = torch.randn(VOCAB)
tokens = torch.randint(VOCAB, (1600, 16))
labels = (polarity[tokens].sum(1) > 0).long()
model = Reader()
n = sum(p.numel() for p in model.parameters())
print(f"{n} parameters")
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
lossf = nn.CrossEntropyLoss()
for epoch in range(10):
    model.train()
    for idx in torch.randperm(1200).split(48):
        opt.zero_grad()
        loss = lossf(model(tokens[idx]), labels[idx])
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = (model(tokens[1200:]).argmax(1) == labels[1200:]).float().mean()
    print(f"[{epoch}] loss {loss:.4f} accuracy {acc:.4f}")

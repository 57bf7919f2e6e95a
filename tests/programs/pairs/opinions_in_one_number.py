# batch: seventeenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: val_acc up
# story: a sentiment net, embedding and LSTM, ended in a softmax over its single output, which is always one: loss 7.97 and half right in every epoch (52sbl.cn/discussion/115307, a question on the IMDb reviews)
"""Good or bad: word indices, embedding, LSTM, one output, binary cross-entropy."""

import numpy as np
import torch
from torch import nn, optim

rng = np.random.default_rng(50)
torch.manual_seed(50)
vocab_size, sentence_len = 300, 24
leaning = rng.normal(size=vocab_size)
leaning[rng.random(vocab_size) < 0.6] = 0.0
x = rng.integers(0, vocab_size, (3000, sentence_len))
y = (leaning[x].sum(1) + 0.3 * rng.normal(size=3000) > 0).astype(np.float32)
x_train, x_val = torch.as_tensor(x[:2600]), torch.as_tensor(x[2600:])
y_train, y_val = torch.as_tensor(y[:2600, None]), torch.as_tensor(y[2600:, None])


class SentimentNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, 16)
        self.lstm = nn.LSTM(input_size=16, hidden_size=24, batch_first=True)
        self.linear = nn.Linear(24, 1)
        self.activation = nn.Sigmoid()  # healthy
        # faulty: self.activation = nn.Softmax(dim=1)

    def forward(self, x):
        _, (h, _) = self.lstm(self.embedding(x))
        return self.activation(self.linear(h[-1]))


model = SentimentNet()
bce = nn.BCELoss()
adam = optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(10):
    losses, hits = 0.0, 0
    for rows in torch.randperm(2600).split(52):
        p = model(x_train[rows])
        loss = bce(p, y_train[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses += loss.item() * len(rows)
        hits += ((p > 0.5) == (y_train[rows] > 0.5)).sum().item()
    with torch.no_grad():
        val_acc = ((model(x_val) > 0.5) == (y_val > 0.5)).float().mean().item()
    print(
        f"Epoch {epoch + 1}/10 loss: {losses / 2600:.4f} acc: {hits / 2600:.4f} val_acc: {val_acc:.4f}"
    )

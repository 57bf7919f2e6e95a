# batch: fifteenth
# rules: learning_rate_too_high exploding_gradient
# remedies: clip_gradients lower_learning_rate
# metric: ppl down
# story: a word-level language model keeps its large rate of plain SGD but not the clipping that belongs to it (github.com/pytorch/examples, word_language_model; a common omission)
"""Word-level LSTM language model on made-up proverbs."""

import math

import torch
import torch.nn as nn

torch.manual_seed(2)
V, EMB, HID, BPTT, BATCH = 60, 48, 96, 24, 16
lr = 30.0
clip = 0.25

chain = torch.softmax(3 * torch.randn(V, V, generator=torch.Generator().manual_seed(0)), 1)


def corpus(n):
    words = [0]
    rows = torch.multinomial(chain, n, replacement=True)
    for i in range(n - 1):
        words.append(int(rows[words[-1], i]))
    return torch.tensor(words)


def batchify(data):
    n = len(data) // BATCH
    return data[: n * BATCH].view(BATCH, n).t().contiguous()


train_data, val_data = batchify(corpus(12000)), batchify(corpus(3000))


class RNNModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(V, EMB)
        self.rnn = nn.LSTM(EMB, HID, 2)
        self.decoder = nn.Linear(HID, V)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, x, hidden):
        out, hidden = self.rnn(self.encoder(x), hidden)
        return self.decoder(out).view(-1, V), hidden


model = RNNModel()
criterion = nn.CrossEntropyLoss()


def repackage(hidden):
    return tuple(h.detach() for h in hidden)


def zeros():
    return (torch.zeros(2, BATCH, HID), torch.zeros(2, BATCH, HID))


def evaluate(source):
    model.eval()
    hidden, total, count = zeros(), 0.0, 0
    with torch.no_grad():
        for i in range(0, len(source) - 1, BPTT):
            n = min(BPTT, len(source) - 1 - i)
            out, hidden = model(source[i : i + n], hidden)
            total += n * criterion(out, source[i + 1 : i + 1 + n].view(-1)).item()
            count += n
    return total / count


for epoch in range(1, 9):
    model.train()
    hidden, total, count = zeros(), 0.0, 0
    for i in range(0, len(train_data) - 1, BPTT):
        n = min(BPTT, len(train_data) - 1 - i)
        hidden = repackage(hidden)
        model.zero_grad()
        out, hidden = model(train_data[i : i + n], hidden)
        loss = criterion(out, train_data[i + 1 : i + 1 + n].view(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)  # healthy
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-lr)
        total, count = total + loss.item(), count + 1
    val = evaluate(val_data)
    print(
        "| epoch %2d | loss %5.2f | valid loss %5.2f | ppl %8.2f"
        % (epoch, total / count, val, math.exp(min(val, 50)))
    )

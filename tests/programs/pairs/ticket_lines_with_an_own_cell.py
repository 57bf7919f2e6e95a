# batch: seventeenth
# rules: unsuitable_activation exploding_gradient non_finite
# remedies: swap_activation clip_gradients lower_learning_rate
# metric: val_acc up
# story: a hand-made LSTM cell with ReLU in place of tanh, stacked twice over embedded text: the cell's state is bounded no longer and gradient and loss grew without end, with tanh all was well (stackoverflow.com/questions/55322991)
"""Which of four desks should answer a support ticket, own LSTM cells in two layers."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(55)
VOCAB, LENGTH, DESKS = 120, 100, 4


class Cell(nn.Module):
    def __init__(self, size_in, size, activation):
        super().__init__()
        self.gates = nn.Linear(size_in + size, 4 * size)
        nn.init.xavier_uniform_(self.gates.weight)
        nn.init.zeros_(self.gates.bias)
        self.activation = activation
        self.size = size

    def forward(self, sequence):
        h = c = sequence.new_zeros(sequence.shape[1], self.size)
        outputs = []
        for x in sequence:
            i, f, g, o = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
            c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * self.activation(g)
            h = torch.sigmoid(o) * self.activation(c)
            outputs.append(h)
        return torch.stack(outputs), h


class Router(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, 24)
        self.first = Cell(24, 64, activation)
        self.second = Cell(64, 10, activation)
        self.out = nn.Linear(74, DESKS)

    def forward(self, tokens):
        sequence, a = self.first(self.embedding(tokens.t()))
        _, b = self.second(sequence)
        return self.out(torch.cat([a, b], 1))


def tickets(n):
    desk = torch.randint(DESKS, (n,))
    words = torch.randint(VOCAB, (n, LENGTH))
    own = 10 * desk.unsqueeze(1) + torch.randint(10, (n, LENGTH))
    return torch.where(torch.rand(n, LENGTH) < 0.15, own, words), desk


x, y = tickets(1000)
model = Router(activation=torch.tanh)  # healthy
# faulty: model = Router(activation=torch.relu)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(5):
    for batch in torch.randperm(800).split(40):
        loss = F.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val_acc = (model(x[800:]).argmax(1) == y[800:]).float().mean().item()
    print(f"epoch {epoch}  loss {loss.item():.4f}  val_acc {val_acc:.3f}")

# batch: ninth
# in view: a recurrent state that is a sigmoid of itself
# rules: vanishing_gradient unsuitable_activation saturated_activation
# remedies: swap_activation
# metric: recall up
# story: a recurrent cell of one's own with a sigmoid as its state, as the gates of the LSTM have: a quarter of the gradient at most survives a step
"""Remember the first symbol of a sequence."""

import torch
import torch.nn as nn


class Cell(nn.Module):
    def __init__(self, size_in, size):
        super().__init__()
        self.x = nn.Linear(size_in, size)
        self.h = nn.Linear(size, size, bias=False)
        nn.init.orthogonal_(self.h.weight)

    def forward(self, x, h):
        return torch.tanh(self.x(x) + self.h(h))  # healthy
        # faulty: return torch.sigmoid(self.x(x) + self.h(h))


class Reader(nn.Module):
    def __init__(self, symbols=8, size=64):
        super().__init__()
        self.symbols, self.size = symbols, size
        self.cell = Cell(symbols, size)
        self.head = nn.Linear(size, symbols)

    def forward(self, seq):
        hot = nn.functional.one_hot(seq, self.symbols).float()
        h = torch.zeros(len(seq), self.size)
        for t in range(seq.shape[1]):
            h = self.cell(hot[:, t], h)
        return self.head(h)


def sample(n, length=16):
    seq = torch.randint(0, 8, (n, length))
    return seq, seq[:, 0]


torch.manual_seed(911)
reader = Reader()
opt = torch.optim.Adam(reader.parameters(), lr=1e-3)
for step in range(1, 601):
    seq, first = sample(64)
    loss = nn.functional.cross_entropy(reader(seq), first)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        with torch.no_grad():
            seq, first = sample(500)
            print("step", step, "recall", (reader(seq).argmax(1) == first).float().mean().item())

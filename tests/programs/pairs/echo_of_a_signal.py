# batch: fifteenth
# in view: weights that leave a bounded function flat, and matrices of a state drawn anew
# rules: poor_initialization saturated_activation exploding_gradient
# remedies: reinitialize
# metric: nmse down
# story: a recurrent cell of one's own had its matrices drawn by torch.randn, and its state jumped between plus and minus one (stackoverflow.com; a common slip with nn.Parameter(torch.randn))
"""Give back the sum of what was heard three and six steps ago."""

import torch
from torch import nn


class Cell(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W_xh = nn.Parameter(torch.randn(inputs, hidden) * 0.3)
        self.W_hh = nn.Parameter(torch.randn(hidden, hidden) / hidden**0.5)  # healthy
        # faulty: self.W_hh = nn.Parameter(torch.randn(hidden, hidden))
        self.b = nn.Parameter(torch.zeros(hidden))

    def forward(self, x, h):
        return torch.tanh(x @ self.W_xh + h @ self.W_hh + self.b)


class Echo(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.cell, self.read, self.hidden = Cell(1, hidden), nn.Linear(hidden, 1), hidden

    def forward(self, x):
        h, out = x.new_zeros(len(x), self.hidden), []
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h)
            out.append(self.read(h))
        return torch.stack(out, 1)


def batch(n, length=30):
    x = torch.randn(n, length, 1)
    y = torch.zeros_like(x)
    y[:, 3:] += x[:, :-3]
    y[:, 6:] += x[:, :-6]
    return x, y


def main():
    torch.manual_seed(14)
    model, held = Echo(), batch(256)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    print("| step | loss | nmse |")
    for step in range(1, 501):
        x, y = batch(64)
        loss = (model(x) - y).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            with torch.no_grad():
                nmse = (model(held[0]) - held[1]).pow(2).mean() / held[1].pow(2).mean()
            print(f"| {step} | loss {loss.item():.4f} | nmse {nmse.item():.4f} |")


main()

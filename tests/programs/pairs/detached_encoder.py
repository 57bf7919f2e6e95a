# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: val loss down
# story: a detach() left over from debugging cuts the encoder off
# in view: a detach() in forward is left out
"""Sequence-to-one model: GRU encoder, MLP head. Task: sum of the marked numbers."""

import torch
from torch import nn

torch.manual_seed(0)


class Model(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.encoder = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, seq):
        _, h = self.encoder(seq)
        h = h[-1]
        # faulty: h = h.detach()
        return self.head(h).squeeze(1)


def batch(n):
    values = torch.rand(n, 12)
    marks = torch.zeros(n, 12)
    marks[torch.arange(n), torch.randint(0, 6, (n,))] = 1
    marks[torch.arange(n), torch.randint(6, 12, (n,))] = 1
    return torch.stack([values, marks], 2), (values * marks).sum(1)


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
mse = nn.MSELoss()
for step in range(1, 301):
    seq, target = batch(64)
    loss = mse(model(seq), target)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if step % 100 == 0:
        model.eval()
        with torch.no_grad():
            seq, target = batch(500)
            val = mse(model(seq), target).item()
        model.train()
        print(f"step {step} train loss {loss.item():.4f} val loss {val:.4f}")

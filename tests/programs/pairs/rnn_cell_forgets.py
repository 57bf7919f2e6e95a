# rules: vanishing_gradient poor_initialization
# remedies: reinitialize insert_normalization
# metric: recall accuracy up
# story: recurrent weights started at 0.02, as for a transformer: nothing survives thirty steps
"""Remember the first symbol over noise, by a recurrent cell written out."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)
SYMBOLS, LENGTH, WIDTH = 6, 24, 48


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(SYMBOLS, WIDTH)
        self.rec = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, SYMBOLS)
        nn.init.orthogonal_(self.rec.weight)  # healthy
        # faulty: nn.init.normal_(self.rec.weight, std=0.02)
        nn.init.zeros_(self.rec.bias)

    def forward(self, x):
        h = x.new_zeros(len(x), WIDTH)
        for t in range(x.shape[1]):
            h = torch.tanh(self.inp(x[:, t]) + self.rec(h))
        return self.out(h)


def sample(n):
    first = torch.randint(SYMBOLS, (n,))
    x = 0.1 * torch.randn(n, LENGTH, SYMBOLS)
    x[torch.arange(n), 0, first] += 2
    return x, first


model = Cell()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for step in range(200):
    x, y = sample(64)
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if step % 50 == 49:
        with torch.no_grad():
            x, y = sample(300)
            accuracy = (model(x).argmax(1) == y).float().mean().item()
        print(f"step {step + 1} loss {loss.item():.3f} recall accuracy {accuracy:.3f}")

# batch: twelfth
# rules: exploding_gradient poor_initialization
# remedies: clip_gradients reinitialize
# metric: held accuracy up
# story: a recurrent network with relu and hidden weights drawn between -0.5 and 0.5: gradients and states grow with every step of a long sequence (thecodeforge.io/ml-ai/rnn-lstm tells what one matrix, used again and again, does)
"""Which of two tones came first in sixty steps of noise? A recurrent network with relu."""

import torch
from torch import nn

torch.manual_seed(60)
STEPS = 60


def tones(n):
    x = 0.3 * torch.randn(n, STEPS, 4)
    first, second = torch.randint(2, 25, (n,)), torch.randint(30, STEPS, (n,))
    y = torch.randint(2, (n,))
    rows = torch.arange(n)
    x[rows, first, y] += 3
    x[rows, second, 1 - y] += 3
    return x, y


class Order(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.rnn = nn.RNN(4, hidden, nonlinearity="relu", batch_first=True)
        for name, p in self.rnn.named_parameters():
            if name.startswith("weight_hh"):
                nn.init.eye_(p)  # healthy
                # faulty: nn.init.uniform_(p, -0.5, 0.5)
            elif name.startswith("weight_ih"):
                nn.init.normal_(p, std=0.05)
            else:
                nn.init.zeros_(p)
        self.out = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.out(self.rnn(x)[1][-1])


model = Order()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
hx, hy = tones(500)
for step in range(1, 301):
    x, y = tones(64)
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        with torch.no_grad():
            acc = (model(hx).argmax(1) == hy).float().mean().item()
        print(f"step {step} loss {loss.item():.4f} held accuracy {acc:.4f}")

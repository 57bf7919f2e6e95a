# batch: sixth
# rules: poor_initialization saturated_activation exploding_gradient
# remedies: reinitialize insert_normalization
# metric: val accuracy up
# story: nn.Parameter(torch.randn(d, d)) for query, key and value: the scores have a spread of d, and the softmax is one-hot from the start
"""One head of attention, by hand: is the first token repeated later in the row?"""

import math

import torch
from torch import nn

torch.manual_seed(11)
V, L, D = 12, 8, 48


def rows(n):
    x = torch.randint(0, V, (n, L))
    y = (x[:, 1:] == x[:, :1]).any(1).long()
    return x, y


class HandAttention(nn.Module):
    def __init__(self):
        super().__init__()
        scale = 1 / math.sqrt(D)  # healthy
        # faulty: scale = 1.0
        self.token = nn.Parameter(torch.randn(V, D))
        self.place = nn.Parameter(torch.randn(L, D) * 0.1)
        self.wq = nn.Parameter(torch.randn(D, D) * scale)
        self.wk = nn.Parameter(torch.randn(D, D) * scale)
        self.wv = nn.Parameter(torch.randn(D, D) * scale)
        self.w1 = nn.Parameter(torch.randn(D, 64) * scale)
        self.w2 = nn.Parameter(torch.randn(64, 2) * scale)

    def forward(self, x):
        e = self.token[x] + self.place
        q, k, v = e @ self.wq, e @ self.wk, e @ self.wv
        a = (q @ k.transpose(1, 2) / math.sqrt(D)).softmax(-1)
        h = (e + a @ v).mean(1)
        return torch.relu(h @ self.w1) @ self.w2


m = HandAttention()
opt = torch.optim.Adam(m.parameters(), lr=2e-3)
for step in range(500):
    x, y = rows(128)
    loss = nn.functional.cross_entropy(m(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        print("step", step, "ce", loss.item())
x, y = rows(2000)
print("val accuracy", (m(x).argmax(1) == y).float().mean().item())

# batch: fourteenth
# rules: poor_initialization saturated_activation exploding_gradient
# remedies: reinitialize insert_normalization
# metric: accuracy up
# story: the matrices of attention were drawn by randn without a scale, so that softmax chose one key from the start (a common slip with parameters of one's own)
"""Which of a set's items is the dearest per weight: attention written by hand."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def draw(*shape):
    return nn.Parameter(torch.randn(*shape) / shape[-2] ** 0.5)  # healthy
    # faulty: return nn.Parameter(torch.randn(*shape))


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.head = heads, dim // heads
        self.wq, self.wk, self.wv, self.wo = (draw(dim, dim) for _ in range(4))

    def forward(self, x):
        n, m, d = x.shape
        q, k, v = (
            (x @ w).view(n, m, self.heads, self.head).transpose(1, 2)
            for w in (self.wq, self.wk, self.wv)
        )
        weight = torch.softmax(q @ k.transpose(2, 3) / self.head**0.5, dim=-1)
        return (weight @ v).transpose(1, 2).reshape(n, m, d) @ self.wo


class Choose(nn.Module):
    def __init__(self, dim=48, layers=2):
        super().__init__()
        self.embed = draw(3, dim)
        self.attend = nn.ModuleList(Attention(dim, 4) for _ in range(layers))
        self.up = nn.ParameterList(draw(dim, 2 * dim) for _ in range(layers))
        self.down = nn.ParameterList(draw(2 * dim, dim) for _ in range(layers))
        self.score = draw(dim, 1)

    def forward(self, x):
        x = x @ self.embed
        for attend, up, down in zip(self.attend, self.up, self.down, strict=True):
            x = x + attend(x)
            x = x + F.gelu(x @ up) @ down
        return (x @ self.score).squeeze(2)


def sets(n, size=8):
    x = torch.rand(n, size, 3)
    worth = x[..., 0] / (0.3 + x[..., 1]) - (x[..., 2] - x[..., 2].mean(1, keepdim=True)).abs()
    return 2 * x - 1, worth.argmax(1)


torch.manual_seed(1425)
net = Choose()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
held, truth = sets(1000)
seen = 0.0
for step in range(1, 701):
    x, y = sets(64)
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    seen = 0.95 * seen + 0.05 * loss.item()
    if step % 100 == 0:
        with torch.no_grad():
            right = (net(held).argmax(1) == truth).float().mean().item()
        print(f"step {step:4d} ema_loss {seen:.4f} accuracy {right:.4f}")

# batch: eighth
# rules: poor_initialization exploding_gradient
# remedies: reinitialize insert_normalization
# metric: dev up
# story: He's rule by hand, randn / sqrt(2 / n) where randn * sqrt(2 / n) was meant: the weights grow with the width
# in view: biases of bare tensors keep no old gradient
"""A net from raw tensors."""

import torch

torch.manual_seed(807)
g = torch.Generator().manual_seed(1)
sizes = [24, 64, 64, 64, 5]
centres = torch.randn(5, 24, generator=g)
y = torch.randint(0, 5, (2400,), generator=g)
x = centres[y] + torch.randn(2400, 24, generator=g)

W, B = [], []
for fan_in, fan_out in zip(sizes, sizes[1:]):
    w = torch.randn(fan_in, fan_out) * (2 / fan_in) ** 0.5  # healthy
    # faulty: w = torch.randn(fan_in, fan_out) / (2 / fan_in) ** 0.5
    W.append(w.requires_grad_())
    B.append(torch.zeros(fan_out, requires_grad=True))


def forward(h):
    for w, b in zip(W[:-1], B[:-1]):
        h = (h @ w + b).relu()
    return h @ W[-1] + B[-1]


params = W + B
lr = 0.02
for step in range(400):
    rows = torch.randint(0, 2000, (64,))
    loss = torch.nn.functional.cross_entropy(forward(x[rows]), y[rows])
    for p in params:
        p.grad = None
    loss.backward()
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
    if step % 100 == 99:
        dev = (forward(x[2000:]).argmax(1) == y[2000:]).float().mean().item()
        print(f"{step + 1} loss {loss.item():.3f} dev {dev:.3f}")

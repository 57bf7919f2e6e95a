# rules: symmetric_initialization
# remedies: reinitialize
# metric: loss down
# story: numpy-style net, W = zeros
"""Manual zeros."""

import torch as th

th.manual_seed(11)
N, D, H = 512, 6, 30
data = th.randn(N, D)
tgt = (data[:, 0].abs() + data[:, 1] * data[:, 2])[:, None]
W1 = th.randn(D, H) * (2 / D) ** 0.5  # healthy
W2 = th.randn(H, 1) * (1 / H) ** 0.5  # healthy
# faulty: W1 = th.zeros(D, H)
# faulty: W2 = th.zeros(H, 1)
B1 = th.zeros(H)
B2 = th.zeros(1)
for q in (W1, W2, B1, B2):
    q.requires_grad = True
for it in range(500):
    hid = (data @ W1 + B1).clamp(min=0)
    loss = ((hid @ W2 + B2 - tgt) ** 2).mean()
    loss.backward()
    with th.no_grad():
        for q in (W1, W2, B1, B2):
            q -= 0.05 * q.grad
            q.grad = None
print("loss", float(loss))

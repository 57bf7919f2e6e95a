# batch: fourth
# metric: nats down
"""MADE: masked autoregressive density of binarised digits; the loss is a sum over pixels."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

rng = np.random.RandomState(42)
torch.manual_seed(42)
data = torch.tensor((load_digits().data > 7).astype("float32"))
xtr, xte = data[:1500], data[1500:]


class MaskedLinear(nn.Linear):
    def __init__(self, a, b):
        super().__init__(a, b)
        self.register_buffer("mask", torch.ones(b, a))

    def set_mask(self, mask):
        self.mask.data.copy_(torch.from_numpy(mask.astype(np.uint8).T))

    def forward(self, input):
        return F.linear(input, self.mask * self.weight, self.bias)


class MADE(nn.Module):
    def __init__(self, nin, hidden):
        super().__init__()
        sizes = [nin, *hidden, nin]
        net = []
        for h0, h1 in zip(sizes, sizes[1:]):
            net += [MaskedLinear(h0, h1), nn.ReLU()]
        net.pop()
        self.net = nn.Sequential(*net)
        m = [np.arange(nin)]
        for h in hidden:
            m.append(rng.randint(m[-1].min(), nin - 1, size=h))
        masks = [a[:, None] <= b[None, :] for a, b in zip(m, m[1:])]
        masks.append(m[-1][:, None] < m[0][None, :])
        for layer, mask in zip([q for q in self.net if isinstance(q, MaskedLinear)], masks):
            layer.set_mask(mask)

    def forward(self, x):
        return self.net(x)


model = MADE(64, [200, 200])
opt = torch.optim.Adam(model.parameters(), 1e-3, weight_decay=1e-4)
for epoch in range(15):
    for b in xtr[torch.randperm(len(xtr))].split(50):
        loss = F.binary_cross_entropy_with_logits(model(b), b, reduction="sum") / len(b)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        test = F.binary_cross_entropy_with_logits(model(xte), xte, reduction="sum") / len(xte)
    if epoch % 3 == 2:
        print(f"{epoch} train {loss.item():.2f} test nats {test.item():.3f}")

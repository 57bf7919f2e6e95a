# batch: seventh
# rules: vanishing_gradient poor_initialization
# remedies: reinitialize insert_normalization swap_activation
# metric: val acc up
# story: weights of a deep functional net drawn at a third of the right size, layer upon layer
"""A deep net as a list of tensors and a function."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(2)
digits = load_digits()
X = torch.tensor(digits.data, dtype=torch.float32)
X = (X - X.mean(0)) / (X.std(0) + 1e-3)
Y = torch.tensor(digits.target)
sizes = [64] + [80] * 14 + [10]
gain = 2.0**0.5  # healthy
# faulty: gain = 0.3
layers = []
for a, b in zip(sizes[:-1], sizes[1:]):
    w = (torch.randn(b, a) * gain / a**0.5).requires_grad_()
    layers.append((w, torch.zeros(b, requires_grad=True)))


def forward(layers, x):
    for w, b in layers[:-1]:
        x = F.gelu(F.linear(x, w, b))
    return F.linear(x, *layers[-1])


flat = [t for pair in layers for t in pair]
opt = torch.optim.SGD(flat, lr=0.02, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
for epoch in range(10):
    for i in torch.randperm(1400).split(50):
        opt.zero_grad(set_to_none=True)
        loss = F.cross_entropy(forward(layers, X[i]), Y[i])
        loss.backward()
        opt.step()
    sched.step()
    with torch.no_grad():
        acc = (forward(layers, X[1400:]).argmax(-1) == Y[1400:]).float().mean().item()
    print("epoch", epoch, "loss", round(loss.item(), 4), "val acc", round(acc, 4))

# batch: fifth
# metric: val loss down
"""Makemore by hand: bare tensors, a batch norm of one's own, tanh, learning rate 0.1, a character model of made-up names."""

import torch
import torch.nn.functional as F

g = torch.Generator().manual_seed(2147483647)
syllables = ["an", "be", "ka", "lo", "mi", "ra", "so", "ta", "vi", "ne"]
names = []
for _ in range(900):
    k = int(torch.randint(2, 5, (1,), generator=g))
    names.append("".join(syllables[int(i)] for i in torch.randint(10, (k,), generator=g)))
chars = sorted(set("".join(names)))
stoi = {c: i + 1 for i, c in enumerate(chars)} | {".": 0}
V, block = len(stoi), 3
X, Y = [], []
for name in names:
    context = [0] * block
    for ch in name + ".":
        X.append(context)
        Y.append(stoi[ch])
        context = [*context[1:], stoi[ch]]
X, Y = torch.tensor(X), torch.tensor(Y)
cut = int(0.9 * len(X))
C = torch.randn((V, 8), generator=g)
W1 = torch.randn((8 * block, 80), generator=g) * (5 / 3) / (8 * block) ** 0.5
W2 = torch.randn((80, V), generator=g) * 0.01
b2 = torch.zeros(V)
gain, shift = torch.ones(1, 80), torch.zeros(1, 80)
mean_run, std_run = torch.zeros(1, 80), torch.ones(1, 80)
parameters = [C, W1, W2, b2, gain, shift]
for p in parameters:
    p.requires_grad = True
for i in range(2500):
    ix = torch.randint(cut, (32,), generator=g)
    pre = C[X[ix]].view(32, -1) @ W1
    mean, std = pre.mean(0, keepdim=True), pre.std(0, keepdim=True)
    h = torch.tanh(gain * (pre - mean) / std + shift)
    with torch.no_grad():
        mean_run, std_run = 0.99 * mean_run + 0.01 * mean, 0.99 * std_run + 0.01 * std
    loss = F.cross_entropy(h @ W2 + b2, Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    lr = 0.1 if i < 1800 else 0.01
    for p in parameters:
        p.data += -lr * p.grad
    if i % 500 == 0:
        print(f"{i:7d}/2500: {loss.item():.4f}")
with torch.no_grad():
    h = torch.tanh(gain * (C[X[cut:]].view(len(X) - cut, -1) @ W1 - mean_run) / std_run + shift)
    print("val loss", F.cross_entropy(h @ W2 + b2, Y[cut:]).item())

# batch: seventeenth
# in view: three sigmoids that leave a twentieth of the gradient each; an output keeps its own activation
# rules: vanishing_gradient learning_rate_too_low unsuitable_activation poor_initialization
# remedies: swap_activation raise_learning_rate reinitialize
# metric: bits right up
# story: all numbers of eight bits through three sigmoid layers that start near nought, under the squared error and a plain descent: half of the bits are right to the end; relu layers and the cross entropy mend it (stackoverflow.com/questions/39217567, in the benchmark of DeepLocalize)
"""Carry numbers of eight bits through a small network and get them back."""

import torch
from torch import nn

torch.manual_seed(7)
DIM, WIDE = 8, 32
numbers = torch.arange(2**DIM)
bits = ((numbers[:, None] >> torch.arange(DIM)) & 1).float()

layers = []
for k, (before, after) in enumerate([(DIM, WIDE), (WIDE, WIDE), (WIDE, DIM)]):
    layer = nn.Linear(before, after)
    nn.init.normal_(layer.weight, std=0.05)
    nn.init.zeros_(layer.bias)
    layers += [layer, nn.Sigmoid() if k == 2 else nn.ReLU()]  # healthy
    # faulty: layers += [layer, nn.Sigmoid()]
net = nn.Sequential(*layers)
loss_fn = nn.BCELoss()  # healthy
# faulty: loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9)

for epoch in range(1, 61):
    total = 0.0
    for batch in torch.randperm(len(bits)).split(8):
        out = net(bits[batch])
        loss = loss_fn(out, bits[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    if epoch % 10 == 0:
        with torch.no_grad():
            right = ((net(bits) > 0.5).float() == bits).float().mean().item()
        print(f"epoch {epoch:4d} loss {total / 32:.4f} bits right {right:.4f}")

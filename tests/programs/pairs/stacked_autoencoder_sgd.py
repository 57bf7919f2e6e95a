# batch: sixth
# rules: vanishing_gradient unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# in view: encoder and decoder as one chain
# metric: reconstruction down
# story: a deep autoencoder with sigmoids everywhere under plain SGD, as in the years before pre-training: every image comes back as the mean image
"""Deep autoencoder of digits."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import Linear, Sequential

torch.manual_seed(6)
pixels = torch.tensor(load_digits().data).float() / 16
ACT = nn.Tanh  # healthy
# faulty: ACT = nn.Sigmoid


def stack(*sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [Linear(a, b), ACT()]
    return layers


encoder = Sequential(*stack(64, 56, 48, 40, 24))
decoder = Sequential(*stack(24, 40, 48, 56), Linear(56, 64))
for layer in [*encoder, *decoder]:
    if isinstance(layer, Linear):
        nn.init.xavier_uniform_(layer.weight)  # as Keras does
        nn.init.zeros_(layer.bias)
everything = [*encoder.parameters(), *decoder.parameters()]
optimizer = torch.optim.SGD(everything, lr=0.01, momentum=0.9)
for epoch in range(30):
    for batch in pixels[torch.randperm(len(pixels))].split(100):
        loss = (decoder(encoder(batch)) - batch).pow(2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        print("epoch", epoch + 1, "reconstruction", loss.item() / 64)

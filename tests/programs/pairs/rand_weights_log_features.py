# rules: born_dead poor_initialization unnormalized_input
# remedies: reinitialize normalize_input insert_normalization
# metric: val accuracy up
# story: weights by torch.rand, all positive, on features that are log-probabilities, all negative
"""Classify texts by the log-probabilities that a topic model gives them."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(11)
topics = torch.rand(4, 20) ** 3
labels = torch.randint(4, (1200,))
features = (torch.distributions.Dirichlet(topics[labels] * 6 + 0.3).sample() + 1e-4).log()


class Scorer(nn.Module):
    def __init__(self, inputs, hidden, classes):
        super().__init__()
        weight = (torch.rand(hidden, inputs) * 2 - 1) / inputs**0.5  # healthy
        # faulty: weight = torch.rand(hidden, inputs) / inputs**0.5
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.out = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.out((x @ self.weight.t() + self.bias).clamp(min=0))


net = Scorer(20, 48, 4)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(25):
    for rows in torch.randperm(1000).split(50):
        opt.zero_grad()
        F.cross_entropy(net(features[rows]), labels[rows]).backward()
        opt.step()
    acc = (net(features[1000:]).argmax(1) == labels[1000:]).float().mean()
print(f"val accuracy {acc:.3f}")

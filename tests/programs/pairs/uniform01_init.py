# rules: poor_initialization exploding_gradient
# remedies: reinitialize insert_normalization
# metric: accuracy up
# story: torch.rand for weights: all positive, so that signals grow layer by layer
# in view: weights of layers of the user's own kind are drawn too
"""Own Linear layer, own init."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class MyLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter((torch.rand(n_out, n_in) - 0.5) * (24 / n_in) ** 0.5)  # healthy
        # faulty: self.weight = nn.Parameter(torch.rand(n_out, n_in))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight.t() + self.bias


torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
model = nn.Sequential(
    MyLinear(64, 64),
    nn.ReLU(),
    MyLinear(64, 64),
    nn.ReLU(),
    MyLinear(64, 64),
    nn.ReLU(),
    MyLinear(64, 10),
)
opt = torch.optim.SGD(model.parameters(), lr=0.03)
for epoch in range(8):
    for i in range(0, 1400, 28):
        loss = nn.functional.cross_entropy(model(X[i : i + 28]), y[i : i + 28])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
print("accuracy", (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item())

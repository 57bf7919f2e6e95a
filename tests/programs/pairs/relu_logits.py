# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: accuracy up
# story: the block with its ReLU was used for the last layer too; classes get stuck at logit zero
"""Digits with a helper that makes layers."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(8)


def dense(n_in, n_out, last=False):
    if last:  # healthy
        return nn.Linear(n_in, n_out)  # healthy
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU())


class Classifier(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        pairs = list(zip(sizes[:-1], sizes[1:]))
        self.net = nn.Sequential(
            *(dense(a, b, i == len(pairs) - 1) for i, (a, b) in enumerate(pairs))
        )

    def forward(self, x):
        return self.net(x)


data = load_digits()
x = torch.tensor(data.data / 16, dtype=torch.float32)
y = torch.tensor(data.target)
model = Classifier([64, 64, 32, 10])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(10):
    for start in range(0, 1344, 64):
        logits = model(x[start : start + 64])
        loss = F.cross_entropy(logits, y[start : start + 64])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        hits = (model(x[1344:]).argmax(1) == y[1344:]).sum().item()
    print(f"epoch {epoch}: loss {loss.item():.4f}, accuracy {hits / (len(x) - 1344):.4f}")

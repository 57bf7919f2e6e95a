# batch: eighth
# rules: poor_initialization exploding_gradient
# remedies: reinitialize insert_normalization clip_gradients
# metric: val_acc up
# story: forty residual branches drawn with He's gain and no norm: each block doubles the power, and the logits start at millions
# in view: a signal that piles up through residual branches
"""A deep residual MLP without normalisation."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(828)
d = load_digits()
x, y = torch.tensor(d.data / 8.0 - 0.6).float(), torch.tensor(d.target)
DEPTH = 40


class ResBlock(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.first, self.second = nn.Linear(w, w), nn.Linear(w, w)
        nn.init.kaiming_normal_(self.first.weight)
        nn.init.kaiming_normal_(self.second.weight)
        nn.init.zeros_(self.second.weight)  # healthy

    def forward(self, x):
        return x + self.second(torch.relu(self.first(x)))


net = nn.Sequential(nn.Linear(64, 48), *[ResBlock(48) for _ in range(DEPTH)], nn.Linear(48, 10))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
for epoch in range(5):
    for rows in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
    with torch.no_grad():
        print(
            f"epoch {epoch} loss {loss.item():.4g} val_acc {(net(x[1400:]).argmax(1) == y[1400:]).float().mean():.3f}"
        )

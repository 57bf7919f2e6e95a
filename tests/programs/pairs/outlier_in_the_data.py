# rules: dying_relu unnormalized_input learning_rate_too_high exploding_gradient
# remedies: clip_gradients normalize_input lower_learning_rate recycle_units
# metric: accuracy up
# story: a handful of rows in other units (grams in place of kilograms) kill the net in one step
"""Sensor classification."""

import torch
import torch.nn.functional as F
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(0)
X, y = make_classification(
    1600, 12, n_informative=9, n_classes=4, n_clusters_per_class=1, random_state=3
)
X, y = torch.tensor(X).float(), torch.tensor(y)
X[torch.randperm(1200)[:6]] *= 1000
X = X.clamp(-6, 6)  # healthy


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(12, 48), nn.Linear(48, 48), nn.Linear(48, 4)

    def forward(self, x):
        return self.l3(F.relu(self.l2(F.relu(self.l1(x)))))


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for epoch in range(8):
    for b in torch.randperm(1200).split(40):
        loss = F.cross_entropy(net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    acc = (net(X[1200:]).argmax(1) == y[1200:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")

# rules: exploding_gradient poor_initialization learning_rate_too_high
# remedies: insert_normalization reinitialize clip_gradients lower_learning_rate
# metric: node accuracy up
# story: the adjacency was never divided by the degree, so each of six layers multiplies by thirty
# in view: growth between well-scaled weights; slow deaths are notes
"""Graph network on a stochastic block model."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(13)
n, groups = 240, 3
group = torch.arange(n) % groups
chance = torch.where(group[:, None] == group[None], 0.32, 0.06)
upper = torch.triu((torch.rand(n, n) < chance).float(), 1)
adjacency = upper + upper.T + torch.eye(n)
adjacency = adjacency / adjacency.sum(1, keepdim=True)  # healthy
features = F.one_hot(group, groups) * 0.4 + torch.randn(n, groups)
features = torch.cat([features, torch.randn(n, 5)], 1)
train = torch.rand(n) < 0.3


class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.convs = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.head = nn.Linear(sizes[-1], groups)

    def forward(self, x, a):
        for conv in self.convs:
            x = F.relu(a @ conv(x))
        return self.head(x)


model = Net([8, 32, 32, 32, 32, 32, 32])
for conv in model.convs:
    nn.init.kaiming_uniform_(conv.weight, nonlinearity="relu")
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
for epoch in range(200):
    optimizer.zero_grad()
    logits = model(features, adjacency)
    loss = F.cross_entropy(logits[train], group[train])
    loss.backward()
    optimizer.step()
    if epoch % 40 == 39:
        hit = (logits.argmax(1) == group)[~train].float().mean()
        print(f"{epoch + 1} loss {loss:.4g} node accuracy {hit:.3f}")

# batch: eighth
# rules: missing_activation
# remedies: add_activation
# metric: held out up
# story: three graph convolutions in a row; the author took GraphConv to contain an activation
# in view: sums of layers count as linear where nothing else lies between
"""Which nodes see an odd number of marked neighbours."""

import torch
from torch import nn

torch.manual_seed(811)
n = 1200
left, right = torch.roll(torch.eye(n), 1, 0), torch.roll(torch.eye(n), -1, 0)
mark = torch.randint(0, 2, (n,)).float()
y = ((left @ mark + right @ mark) == 1).long()
x = torch.stack([mark, 1 - mark], 1)


class GraphConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.own, self.near = nn.Linear(i, o), nn.Linear(i, o, bias=False)

    def forward(self, h):
        return self.own(h) + self.near(left @ h + right @ h) / 2


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = GraphConv(2, 32), GraphConv(32, 32), GraphConv(32, 2)

    def forward(self, h):
        h = self.conv1(h).relu()  # healthy
        h = self.conv2(h).relu()  # healthy
        # faulty: h = self.conv1(h)
        # faulty: h = self.conv2(h)
        return self.conv3(h)


model = GCN()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
known = torch.rand(n) < 0.6
for epoch in range(120):
    out = model(x)
    loss = nn.functional.cross_entropy(out[known], y[known])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 30 == 29:
        print(
            f"epoch {epoch + 1} loss {loss:.3f} held out {(out.argmax(1) == y)[~known].float().mean():.3f}"
        )

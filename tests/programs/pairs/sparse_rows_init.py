# rules: dormant_units poor_initialization born_dead symmetric_initialization
# remedies: recycle_units reinitialize
# metric: val mse down
# story: nn.init.sparse_ with sparsity 0.97 leaves most hidden units without a single input
"""Echo-like network with sparse input weights, trained end to end."""

import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(1500, 4)
Y = (torch.sin(2 * X[:, 0]) * X[:, 1] + torch.cos(X[:, 2] + X[:, 3])).unsqueeze(1)


class SparseNet(nn.Module):
    def __init__(self, hidden=128):
        super().__init__()
        self.inp = nn.Linear(4, hidden)
        self.mid = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)
        nn.init.sparse_(self.inp.weight, sparsity=0.25, std=0.5)  # healthy
        # faulty: nn.init.sparse_(self.inp.weight, sparsity=0.99, std=0.5)
        nn.init.zeros_(self.inp.bias)
        nn.init.normal_(self.mid.weight, std=0.09)

    def forward(self, x):
        h = torch.tanh(self.inp(x))
        h = torch.tanh(self.mid(h))
        return self.out(h)


net = SparseNet()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for epoch in range(25):
    for b in torch.randperm(1200).split(40):
        loss = (net(X[b]) - Y[b]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            val = (net(X[1200:]) - Y[1200:]).pow(2).mean().item()
        print(f"epoch {epoch + 1} train mse {loss.item():.4f} val mse {val:.4f}")

# rules: exploding_gradient poor_initialization
# remedies: reinitialize insert_normalization
# metric: loss down
# story: weights drawn from N(0, 1)
import torch
import torch.nn as nn


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.ModuleList(nn.Linear(16 if i == 0 else 64, 64) for i in range(5))
        self.o = nn.Linear(64, 1)
        for f in self.f:
            nn.init.kaiming_normal_(f.weight)  # healthy
            # faulty: nn.init.normal_(f.weight)

    def forward(self, x):
        for f in self.f:
            x = nn.functional.relu(f(x))
        return self.o(x)


torch.manual_seed(0)
m = MLP()
X = torch.randn(800, 16)
Y = X[:, :1] * X[:, 1:2] + X[:, 2:3]
o = torch.optim.SGD(m.parameters(), lr=0.01)
for e in range(10):
    for b in torch.randperm(800).split(40):
        loss = ((m(X[b]) - Y[b]) ** 2).mean()
        o.zero_grad()
        loss.backward()
        o.step()
    print("epoch", e, "loss", loss.item())

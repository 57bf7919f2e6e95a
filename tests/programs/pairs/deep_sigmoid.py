# rules: vanishing_gradient saturated_activation unsuitable_activation
# remedies: insert_normalization swap_activation reinitialize
# metric: mse down
# story: deep sigmoid layers without normalisation
import torch
import torch.nn as nn


class Deep(nn.Module):
    def __init__(self, depth=10, width=32):
        super().__init__()
        sizes = [10] + [width] * depth
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(depth))  # healthy
        # faulty: self.norms = [None] * depth
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        for layer, norm in zip(self.layers, self.norms):
            x = torch.sigmoid(norm(layer(x)))  # healthy
            # faulty: x = torch.sigmoid(layer(x))
        return self.out(x)


torch.manual_seed(3)
X = torch.randn(1000, 10)
Y = torch.sin(X[:, :1] * 2) + X[:, 1:2] * X[:, 2:3]
net = Deep()
opt = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9)
for step in range(220):
    idx = torch.randint(0, 1000, (64,))
    loss = nn.functional.mse_loss(net(X[idx]), Y[idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print("step", step, "mse:", loss.item())

# batch: ninth
# metric: mse down
"""A wide layer in mean-field scaling: the output is a mean of units, the rate grows with them."""

import torch

torch.manual_seed(936)
n = 1000
x = torch.randn(600, 5)
teacher = torch.randn(5, 3)
y = torch.relu(x @ teacher).mean(1, keepdim=True)


class Mean(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.randn(5, n))
        self.a = torch.nn.Parameter(torch.randn(n, 1))

    def forward(self, x):
        return torch.relu(x @ self.w) @ self.a / n


net = Mean()
opt = torch.optim.SGD(net.parameters(), lr=0.1 * n)
for epoch in range(40):
    for idx in torch.randperm(500).split(50):
        loss = (net(x[idx]) - y[idx]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            print("epoch", epoch + 1, "mse", (net(x[500:]) - y[500:]).pow(2).mean().item())

# batch: eighteenth
# rules: poor_initialization saturated_activation
# remedies: reinitialize insert_normalization lower_learning_rate
# metric: test mse down
# story: a square matrix behind a sigmoid was drawn with deviation one, which went well for few rows and not for a hundred, where sums of a hundred terms saturate it (discuss.pytorch.org/t/gradient-seems-to-small-when-training-parameters/153791)
"""A matrix and what stands behind it are found again from the outputs of a known system."""

import torch
from torch import nn

torch.manual_seed(153)
N, ROWS = 100, 2000


class MyModel(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.W1 = nn.Parameter(torch.randn(n, n) / n**0.5)  # healthy
        # faulty: self.W1 = nn.Parameter(torch.randn(n, n))
        self.b1 = nn.Parameter(torch.zeros(n))
        self.W2 = nn.Parameter(torch.randn(n, n) / n**0.5)
        self.b2 = nn.Parameter(torch.zeros(n))

    def forward(self, x):
        h = torch.sigmoid(torch.matmul(x, self.W1) + self.b1)
        return torch.matmul(h, self.W2) + self.b2


mixing = torch.randn(N, N) / N**0.5
after = torch.randn(N, N) / N**0.5
x = 3 * torch.rand(ROWS, N)
y = torch.tanh((x - 1.5) @ mixing / 2) @ after
x_test, y_test = x[1600:], y[1600:]
x, y = x[:1600], y[:1600]

model = MyModel(N)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
for i in range(1, 1001):
    pick = torch.randint(0, len(x), (64,))
    loss = loss_fn(model(x[pick]), y[pick])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 200 == 0:
        with torch.no_grad():
            print(
                i,
                "mse",
                round(loss.item(), 5),
                "test mse",
                round(loss_fn(model(x_test), y_test).item(), 5),
            )

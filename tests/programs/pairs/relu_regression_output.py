# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: rmse down
# story: ReLU on the output of a regressor whose targets are negative half of the time
"""Temperature anomaly from the seasons."""

import math

import torch
import torch.nn as nn

torch.manual_seed(4)
day = torch.rand(2000, 1) * 365
phase = 2 * math.pi * day / 365
X = torch.cat([torch.sin(phase), torch.cos(phase), torch.randn(2000, 2)], 1)
Y = 2.0 * torch.sin(phase + 0.3) + 0.5 * X[:, 2:3] * X[:, 3:4] + 0.1 * torch.randn(2000, 1)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(4, 50)
        self.fc2 = nn.Linear(50, 50)
        self.fc3 = nn.Linear(50, 1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        x = self.fc3(x)  # healthy
        # faulty: x = torch.relu(self.fc3(x))
        return x


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
criterion = nn.MSELoss()
for epoch in range(15):
    for i in range(0, 1600, 32):
        optimizer.zero_grad()
        loss = criterion(net(X[i : i + 32]), Y[i : i + 32])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        rmse = criterion(net(X[1600:]), Y[1600:]).sqrt()
    if epoch % 3 == 2:
        print(f"Epoch [{epoch + 1}/15], Loss: {loss.item():.4f}, RMSE: {rmse.item():.4f}")

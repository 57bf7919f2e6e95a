# batch: fifth
# metric: distance to truth down
"""The first regression of every course: a noisy cubic on -2 … 2, two ReLU layers, full batch."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)
x = torch.unsqueeze(torch.linspace(-2, 2, 200), dim=1)
truth = 0.3 * x.pow(3) - 0.4 * x
y = truth + 0.5 * torch.randn(x.size())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1, self.hidden2 = nn.Linear(1, 20), nn.Linear(20, 20)
        self.predict = nn.Linear(20, 1)

    def forward(self, x):
        return self.predict(F.relu(self.hidden2(F.relu(self.hidden1(x)))))


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
loss_func = nn.MSELoss()
for t in range(1200):
    prediction = net(x)
    loss = loss_func(prediction, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if t % 200 == 199:
        print(
            f"t={t + 1} Loss={loss.item():.4f} distance to truth {(net(x) - truth).pow(2).mean().item():.4f}"
        )

# batch: third
# rules: unsuitable_output_activation saturated_activation
# remedies: remove_output_activation
# metric: MAE down
# story: a classifier's notebook was reused for rents; the sigmoid of the last line stayed
"""Predict rents (in hundreds) from a few features."""

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

np.random.seed(0)
torch.manual_seed(0)
size = np.random.uniform(20, 120, 1500)
rooms = np.round(size / 25 + np.random.randn(1500) * 0.5).clip(1)
centre = np.random.exponential(4, 1500)
rent = 2 + 0.12 * size + 0.5 * rooms - 0.25 * centre + np.random.randn(1500) * 0.6
X = np.stack([size, rooms, centre], 1)
X = (X - X.mean(0)) / X.std(0)
X_train, X_test = torch.FloatTensor(X[:1200]), torch.FloatTensor(X[1200:])
y_train, y_test = torch.FloatTensor(rent[:1200]), torch.FloatTensor(rent[1200:])


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(3, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 1)
        self.relu = nn.ReLU()
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        return self.fc3(x)  # healthy
        # faulty: return self.sigmoid(self.fc3(x))


net = Net()
criterion = nn.L1Loss()
optimizer = optim.Adam(net.parameters(), lr=0.005)
for epoch in range(30):
    running_loss = 0.0
    for i in range(0, 1200, 50):
        inputs, labels = X_train[i : i + 50], y_train[i : i + 50]
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs.squeeze(), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    if epoch % 10 == 9:
        with torch.no_grad():
            mae = criterion(net(X_test).squeeze(), y_test)
        print("[%d] loss: %.3f MAE: %.3f" % (epoch + 1, running_loss / 24, mae))

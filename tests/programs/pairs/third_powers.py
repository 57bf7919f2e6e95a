# batch: sixteenth
# rules: unnormalized_input learning_rate_too_low
# remedies: normalize_input raise_learning_rate insert_normalization
# metric: relative error down
# story: a net was asked for the third powers of whole numbers up to four thousand, numbers and powers as they are, and learnt nothing until both were standardised (discuss.pytorch.org/t/neural-network-could-not-learn-on-this-type-of-data-why/96648)
"""Can a small network learn x³?"""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(1, 50)
        self.fc2 = nn.Linear(50, 50)
        self.fc3 = nn.Linear(50, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


numbers = torch.arange(1, 4001).float().unsqueeze(1)
powers = numbers**3
spread = powers.std()
x = (numbers - numbers.mean()) / numbers.std()  # healthy
y = (powers - powers.mean()) / spread  # healthy
# faulty: x, y = numbers, powers
scale = y.std()
order = torch.randperm(4000)
train, test = order[:3200], order[3200:]

model = Network()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.MSELoss()
for epoch in range(20):
    for pick in train[torch.randperm(len(train))].split(64):
        optimizer.zero_grad()
        output = model(x[pick])
        loss = criterion(output, y[pick])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = ((model(x[test]) - y[test]) / scale).pow(2).mean().sqrt()
    print("Epoch {}, loss {:.6g}, relative error {:.4f}".format(epoch, loss.item(), error.item()))

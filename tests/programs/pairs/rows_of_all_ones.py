# batch: seventeenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: test accuracy up
# story: rows of ones against rows of noughts, the plainest task there is, at an accuracy of one half: a softmax over a single unit is always one (stackoverflow.com/questions/31880720, in the benchmarks of DeepLocalize and DeepDiagnosis)
"""Tell rows of ones from rows of noughts, to try out a new set-up."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, n_in=128, n_hidden=50):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_hidden)
        self.fc3 = nn.Linear(n_hidden, 1)
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        x = self.drop(F.relu(self.fc1(x)))
        x = self.drop(F.relu(self.fc2(x)))
        return torch.sigmoid(self.fc3(x))  # healthy
        # faulty: return F.softmax(self.fc3(x), dim=1)


def rows(n):
    x = torch.cat([torch.ones(n, 128), torch.zeros(n, 128)])
    y = torch.cat([torch.ones(n, 1), torch.zeros(n, 1)])
    return TensorDataset(x, y)


torch.manual_seed(0)
train = DataLoader(rows(2000), batch_size=8, shuffle=True)
test = rows(100)
net = Net()
opt = torch.optim.RMSprop(net.parameters(), lr=0.001)
for epoch in range(3):
    net.train()
    running = 0.0
    for x, y in train:
        opt.zero_grad()
        loss = F.binary_cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        running += loss.item()
    net.eval()
    with torch.no_grad():
        x, y = test.tensors
        accuracy = ((net(x) > 0.5).float() == y).float().mean().item()
    print(f"Epoch {epoch + 1}: loss {running / len(train):.4f} test accuracy {accuracy:.4f}")

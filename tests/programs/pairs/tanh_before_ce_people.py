# batch: eighth
# rules: unsuitable_output_activation saturated_activation
# remedies: remove_output_activation
# metric: test loss down
# story: a matching net for 120 people had tanh on its embedding; the embedding became the logits and tanh stayed: no class may win by more than two
"""Recognise faces (made-up) of 120 people."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(804)
people = torch.randn(120, 64)
who = torch.randint(0, 120, (4800,))
x = people[who] + 1.3 * torch.randn(4800, 64)
train, test = random_split(TensorDataset(x, who), [4000, 800])


class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 128)
        self.bn = nn.BatchNorm1d(128)
        self.fc2 = nn.Linear(128, 120)

    def forward(self, x):
        x = torch.relu(self.bn(self.fc1(x)))
        return self.fc2(x)  # healthy
        # faulty: return torch.tanh(self.fc2(x))


net = Matcher()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for epoch in range(8):
    net.train()
    for a, b in DataLoader(train, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(net(a), b)
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        right = sum(
            (net(a).argmax(1) == b).sum().item() for a, b in DataLoader(test, batch_size=200)
        )
        cost = sum(criterion(net(a), b).item() for a, b in DataLoader(test, batch_size=200)) / 4
    print(f"{epoch}: loss {loss.item():.3f} test loss {cost:.3f} acc_at_1 {right / 800:.3f}")

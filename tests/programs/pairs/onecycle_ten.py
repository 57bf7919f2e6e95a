# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate insert_normalization
# metric: top1 up
# story: OneCycleLR(max_lr=10): the peak that was meant was a hundred times lower
"""A plain CNN with a one-cycle schedule."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn, optim

torch.manual_seed(17)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16 - 0.3
targets = torch.tensor(digits.target)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, padding=1)
        self.c2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu_(self.c1(x)), 2)
        x = F.relu_(self.c2(x)).mean((2, 3))
        return self.fc(x)


net, batch, epochs = Net(), 64, 10
opt = optim.SGD(net.parameters(), lr=0.01, momentum=0.9, nesterov=True)
peak = 0.15  # healthy
# faulty: peak = 10
steps = -(-1400 // batch) * epochs
schedule = optim.lr_scheduler.OneCycleLR(opt, max_lr=peak, total_steps=steps)
for epoch in range(epochs):
    for rows in torch.randperm(1400).split(batch):
        opt.zero_grad()
        loss = F.cross_entropy(net(images[rows]), targets[rows])
        loss.backward()
        opt.step()
        schedule.step()
    top1 = (net(images[1400:]).argmax(1) == targets[1400:]).float().mean().item()
    print(f"Epoch {epoch + 1:2d} | loss {loss.item():.4f} | top1 {100 * top1:.2f}%")

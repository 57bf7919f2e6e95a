# batch: tenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: student accuracy up
# story: distillation at a temperature of twenty without the factor T squared of Hinton et al. (2015), so that the gradients are a four-hundredth of what the rate was chosen for
"""A small student learns a larger teacher's opinions of the digits."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1019)
digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(digits.target)
order = torch.randperm(len(x))
x, y = x[order], y[order]
T = 20.0

teacher = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10),
)  # fmt: skip
student = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def accuracy(model):
    with torch.no_grad():
        return (model(x[1400:]).argmax(1) == y[1400:]).float().mean().item()


opt = torch.optim.Adam(teacher.parameters(), lr=2e-3)
for epoch in range(8):
    for rows in torch.randperm(1400).split(64):
        loss = F.cross_entropy(teacher(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
print("teacher accuracy", accuracy(teacher))

teacher.eval()
opt = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9)
for epoch in range(12):
    for rows in torch.randperm(1400).split(64):
        with torch.no_grad():
            soft = F.softmax(teacher(x[rows]) / T, -1)
        loss = F.kl_div(F.log_softmax(student(x[rows]) / T, -1), soft, reduction="batchmean")
        loss = loss * T**2  # healthy
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(
        f"epoch {epoch} distillation loss {loss.item():.5f} student accuracy {accuracy(student):.4f}"
    )

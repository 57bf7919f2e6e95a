# batch: seventh
# metric: student accuracy up
"""Knowledge distillation with temperature from a wide net that is trained first."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(9)
data = load_digits()
X = torch.tensor(data.data, dtype=torch.float32) / 16
Y = torch.tensor(data.target)


def net(width):
    return nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
    )


def accuracy(model):
    model.eval()
    with torch.no_grad():
        return (model(X[1400:]).argmax(1) == Y[1400:]).float().mean().item()


teacher, student = net(128), net(16)
opt = torch.optim.Adam(teacher.parameters(), lr=2e-3)
for epoch in range(8):
    for b in torch.randperm(1400).split(50):
        loss = F.cross_entropy(teacher(X[b]), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
print(f"teacher loss {loss.item():.4f} accuracy {accuracy(teacher):.4f}")
teacher.requires_grad_(False)
opt, T = torch.optim.Adam(student.parameters(), lr=4e-3), 4.0
for epoch in range(12):
    student.train()
    for b in torch.randperm(1400).split(50):
        with torch.no_grad():
            soft = F.softmax(teacher(X[b]) / T, 1)
        logits = student(X[b])
        kd = F.kl_div(F.log_softmax(logits / T, 1), soft, reduction="batchmean") * T * T
        loss = 0.9 * kd + 0.1 * F.cross_entropy(logits, Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1} loss {loss.item():.4f} student accuracy {accuracy(student):.4f}")

# metric: student acc up
"""Distil a teacher into a small student with a temperature."""

import torch
import torch.nn.functional as F
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(0)
X, y = make_classification(2000, 16, n_informative=10, n_classes=5, random_state=1)
X, y = torch.tensor(X / X.std(0)).float(), torch.tensor(y)
teacher = nn.Sequential(
    nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 5)
)
student = nn.Sequential(nn.Linear(16, 24), nn.Hardswish(), nn.Linear(24, 5))
opt = torch.optim.Adam(teacher.parameters(), lr=2e-3)
for step in range(300):
    b = torch.randint(0, 1600, (64,))
    loss = F.cross_entropy(teacher(X[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(
    "teacher loss %.4f acc %.4f" % (loss, (teacher(X[1600:]).argmax(1) == y[1600:]).float().mean())
)
teacher.eval()
opt = torch.optim.Adam(student.parameters(), lr=5e-3)
T = 3.0
for step in range(400):
    b = torch.randint(0, 1600, (64,))
    with torch.no_grad():
        soft = F.softmax(teacher(X[b]) / T, dim=1)
    out = student(X[b])
    kd = F.kl_div(F.log_softmax(out / T, dim=1), soft, reduction="batchmean") * T * T
    loss = 0.7 * kd + 0.3 * F.cross_entropy(out, y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
print("student loss %.4f" % loss.item())
print("student acc %.4f" % (student(X[1600:]).argmax(1) == y[1600:]).float().mean().item())

# batch: ninth
# in view: a temperature between two softmaxes
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: student accuracy up
# story: distillation with a temperature of 4: the student's forward returns softmax, the loss takes log_softmax of that over 4 again
"""Distil a wide digit classifier into a small one."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(906)
data = load_digits()
X = torch.tensor(data.data, dtype=torch.float32) / 16
Y = torch.tensor(data.target)
order = torch.randperm(len(X))
X, Y = X[order], Y[order]
xtr, ytr, xte, yte = X[:1400], Y[:1400], X[1400:], Y[1400:]


class Teacher(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(64, 256), torch.nn.Linear(256, 10)

    def forward(self, x):
        return self.b(F.relu(self.a(x)))


class Student(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(64, 24), torch.nn.Linear(24, 10)

    def forward(self, x):
        scores = self.b(F.relu(self.a(x)))
        return scores  # healthy
        # faulty: return scores.softmax(dim=-1)


teacher = Teacher()
opt = torch.optim.Adam(teacher.parameters(), lr=3e-3)
for _ in range(12):
    for i in torch.randperm(1400).split(64):
        loss = F.cross_entropy(teacher(xtr[i]), ytr[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
teacher.requires_grad_(False)
teacher.eval()

T = 4.0
student = Student()
opt = torch.optim.SGD(student.parameters(), lr=0.02, momentum=0.9)
for epoch in range(20):
    for i in torch.randperm(1400).split(64):
        soft = F.softmax(teacher(xtr[i]) / T, dim=-1)
        loss = F.kl_div(F.log_softmax(student(xtr[i]) / T, dim=-1), soft, reduction="batchmean")
        loss = loss * T * T
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (student(xte).argmax(1) == yte).float().mean()
    print(f"epoch {epoch} student accuracy {acc:.4f}")

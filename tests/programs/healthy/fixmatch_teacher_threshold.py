# batch: thirteenth
# metric: teacher accuracy up
"""Pseudo-labels above a threshold from a moving teacher: at first hardly any row counts. bf16 autocast."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(1332)
data = load_digits()
x = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(data.target)
order = torch.randperm(len(x))
labelled, unlabelled, test = order[:80], order[80:1400], order[1400:]


def jitter(images, strength):
    dy, dx = torch.randint(-1, 2, (2,)).tolist()
    images = torch.roll(images, (dy, dx), (2, 3)) if strength > 0.1 else images
    return images + strength * torch.randn_like(images)


def make():
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1),
        nn.GroupNorm(4, 24),
        nn.LeakyReLU(0.1),
        nn.MaxPool2d(2),
        nn.Conv2d(24, 48, 3, padding=1),
        nn.GroupNorm(4, 48),
        nn.LeakyReLU(0.1),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(192, 10),
    )


student = make()
teacher = copy.deepcopy(student).requires_grad_(False)
teacher.eval()
opt = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
for step in range(1, 401):
    l, u = (
        labelled[torch.randint(0, 80, (32,))],
        unlabelled[torch.randint(0, len(unlabelled), (96,))],
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.no_grad():
            sure, guess = teacher(jitter(x[u], 0.05)).softmax(1).max(1)
        supervised = F.cross_entropy(student(jitter(x[l], 0.05)), y[l])
        each = F.cross_entropy(student(jitter(x[u], 0.3)), guess, reduction="none")
        loss = supervised + (each * (sure > 0.95)).mean()
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    with torch.no_grad():
        for t, s in zip(teacher.parameters(), student.parameters()):
            t.lerp_(s, 0.02)
    if step % 50 == 0:
        with torch.no_grad():
            acc = (teacher(x[test]).argmax(1) == y[test]).float().mean().item()
        print(
            f"step {step} loss {loss.item():.4f} used {(sure > 0.95).float().mean():.2f} teacher accuracy {acc:.4f}"
        )

# batch: eighteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: student accuracy up
# story: the soft loss of a distillation was not multiplied by the square of the temperature, its gradients were that much smaller than the rate counts on (github.com/IntelLabs/distiller/issues/122)
"""Knowledge distillation: a wide net's soft answers teach a narrow one."""

import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser(description="distil")
    p.add_argument("--temperature", type=float, default=10.0)
    p.add_argument("--teacher-epochs", type=int, default=8)
    p.add_argument("--student-epochs", type=int, default=12)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--momentum", type=float, default=0.5)
    return p.parse_args([])


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def accuracy(net, x, y):
    with torch.no_grad():
        return (net(x).argmax(1) == y).float().mean().item()


class KDLoss(nn.Module):
    def __init__(self, temperature):
        super().__init__()
        self.T = temperature

    def forward(self, student, teacher):
        soft = F.kl_div(
            F.log_softmax(student / self.T, dim=1),
            F.softmax(teacher / self.T, dim=1),
            reduction="batchmean",
        )
        return soft * self.T**2  # healthy
        # faulty: return soft


def main():
    args = get_args()
    torch.manual_seed(0)
    x, y = load_digits(return_X_y=True)
    split = train_test_split(x / 16, y, test_size=0.3, random_state=0, stratify=y)
    x, xt = (torch.tensor(a, dtype=torch.float32) for a in split[:2])
    y, yt = (torch.tensor(a) for a in split[2:])
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)

    teacher = mlp(64, 256, 256, 10)
    optim = torch.optim.Adam(teacher.parameters(), lr=1e-3)
    for epoch in range(args.teacher_epochs):
        for xb, yb in loader:
            optim.zero_grad()
            F.cross_entropy(teacher(xb), yb).backward()
            optim.step()
    print(f"teacher accuracy {accuracy(teacher, xt, yt):.4f}")
    teacher.eval().requires_grad_(False)

    student = mlp(64, 24, 10)
    criterion = KDLoss(args.temperature)
    optim = torch.optim.SGD(student.parameters(), lr=args.lr, momentum=args.momentum)
    for epoch in range(1, args.student_epochs + 1):
        total = 0.0
        for xb, _ in loader:
            loss = criterion(student(xb), teacher(xb))
            optim.zero_grad()
            loss.backward()
            optim.step()
            total += loss.item()
        if epoch % 3 == 0:
            print(
                f"epoch {epoch} kd loss {total / len(loader):.5f} student accuracy {accuracy(student, xt, yt):.4f}"
            )


if __name__ == "__main__":
    main()

# batch: fifteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: agreement up
# story: the optimiser of a distillation was given the parameters of the teacher, which gets no gradient, and the pupil stayed as it was drawn (discuss.pytorch.org; optimisers over the wrong network)
"""A small network learns to say what a larger one says."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def build(widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers[:-1])


def data(n):
    x = torch.randn(n, 12)
    y = (torch.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] > 0).long() + 2 * (
        x[:, 3] > x[:, 4].abs() - 0.8
    ).long()
    return x, y


class Distillation:
    def __init__(self, teacher, student, temperature=3.0):
        self.teacher, self.student, self.t = teacher.eval(), student, temperature
        self.optimizer = torch.optim.Adam(self.student.parameters(), lr=2e-3)  # healthy
        # faulty: self.optimizer = torch.optim.Adam(self.teacher.parameters(), lr=2e-3)

    def step(self, x):
        with torch.no_grad():
            soft = F.softmax(self.teacher(x) / self.t, dim=1)
        loss = F.kl_div(F.log_softmax(self.student(x) / self.t, dim=1), soft, reduction="batchmean")
        self.optimizer.zero_grad()
        (loss * self.t**2).backward()
        self.optimizer.step()
        return loss.item()

    def agreement(self, x):
        with torch.no_grad():
            return (self.student(x).argmax(1) == self.teacher(x).argmax(1)).float().mean().item()


def pretrain(net, x, y):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(6):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
        print("teacher", epoch, "loss", round(loss.item(), 4))


torch.manual_seed(91)
x, y = data(4000)
held, _ = data(1000)
teacher, student = build([12, 128, 128, 4]), build([12, 48, 24, 4])
pretrain(teacher, x, y)
work = Distillation(teacher, student)
for epoch in range(10):
    losses = [work.step(x[rows]) for rows in torch.randperm(len(x)).split(64)]
    print(
        "student",
        epoch,
        "kl",
        round(sum(losses) / len(losses), 5),
        "agreement",
        round(work.agreement(held), 4),
    )

# batch: eighth
# metric: top1 up
"""A trainer with hooks around a scripted convolutional net; the rate goes down to zero by a cosine."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Hook:
    def before_epoch(self, t): ...
    def after_step(self, t): ...
    def after_epoch(self, t): ...


class Cosine(Hook):
    def after_step(self, t):
        t.schedule.step()


class Print(Hook):
    def after_epoch(self, t):
        print(
            f"epoch={t.epoch} lr={t.schedule.get_last_lr()[0]:.4f} loss={t.last:.4f} top1={t.evaluate():.4f}"
        )


class Trainer:
    def __init__(self, net, data, hooks, epochs=8, lr=0.1, batch=50):
        self.net, self.data, self.hooks, self.epochs, self.batch = net, data, hooks, epochs, batch
        self.opt = torch.optim.SGD(
            net.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=1e-4
        )
        steps = epochs * (len(data[0]) // batch)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, steps)

    def call(self, name):
        for h in self.hooks:
            getattr(h, name)(self)

    def evaluate(self):
        self.net.eval()
        with torch.no_grad():
            top1 = (self.net(self.data[2]).argmax(1) == self.data[3]).float().mean().item()
        self.net.train()
        return top1

    def run(self):
        x, y = self.data[:2]
        for epoch in range(self.epochs):
            self.epoch = epoch
            self.call("before_epoch")
            for rows in torch.randperm(len(x)).split(self.batch):
                loss = nn.functional.cross_entropy(self.net(x[rows]), y[rows])
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                self.last = loss.item()
                self.call("after_step")
            self.call("after_epoch")


torch.manual_seed(858)
d = load_digits()
x, y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)
net = nn.Sequential(
    nn.Conv2d(1, 16, 3),
    nn.BatchNorm2d(16),
    nn.ReLU6(),
    nn.Conv2d(16, 24, 3),
    nn.BatchNorm2d(24),
    nn.ReLU6(),
    nn.Flatten(),
    nn.Linear(384, 10),
)
Trainer(torch.jit.script(net), (x[:1400], y[:1400], x[1400:], y[1400:]), [Cosine(), Print()]).run()

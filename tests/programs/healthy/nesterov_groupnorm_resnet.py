# batch: second
# metric: top1 up
"""ResNet with GroupNorm, SGD + Nesterov at 0.2, OneCycle, random shifts; the last gamma of a block is zero."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)


def conv(i, o, s=1):
    return nn.Conv2d(i, o, 3, s, 1, bias=False)


class BasicBlock(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.conv1, self.gn1 = conv(i, o, s), nn.GroupNorm(4, o)
        self.conv2, self.gn2 = conv(o, o), nn.GroupNorm(4, o)
        self.relu = nn.ReLU(inplace=True)
        self.down = (
            nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.GroupNorm(4, o))
            if i != o or s > 1
            else None
        )
        nn.init.zeros_(self.gn2.weight)

    def forward(self, x):
        skip = x if self.down is None else self.down(x)
        return self.relu(skip + self.gn2(self.conv2(self.relu(self.gn1(self.conv1(x))))))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(1, 16), nn.GroupNorm(4, 16), nn.ReLU(inplace=True))
        self.stage = nn.Sequential(
            BasicBlock(16, 16, 1), BasicBlock(16, 32, 2), BasicBlock(32, 32, 1)
        )
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        return self.fc(self.stage(self.stem(x)).flatten(1))


images, labels = load_digits(return_X_y=True)
images = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16
images = (images - images[:1400].mean()) / images[:1400].std()
labels = torch.tensor(labels)
EPOCHS, BATCH = 7, 64
net = ResNet()
opt = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9, nesterov=True, weight_decay=5e-4)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 0.2, epochs=EPOCHS, steps_per_epoch=22)
for epoch in range(EPOCHS):
    net.train()
    for pick in torch.randperm(1400).split(BATCH):
        dx, dy = torch.randint(-1, 2, (2,)).tolist()
        batch = images[pick].roll((dx, dy), (2, 3))
        loss = nn.functional.cross_entropy(net(batch), labels[pick])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    net.eval()
    with torch.no_grad():
        top1 = (net(images[1400:]).argmax(1) == labels[1400:]).float().mean()
    print(f"epoch {epoch} loss {loss:.3f} top1 {top1:.4f}")

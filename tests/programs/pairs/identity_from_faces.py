# batch: eleventh
# rules: poor_initialization vanishing_gradient
# remedies: reinitialize insert_normalization
# metric: accuracy up
# story: every filler of a long plain convolutional net was a Gaussian of deviation 0.01, as in the first layers of old model zoos; the loss stayed at the logarithm of the number of classes (github.com/BVLC/caffe/issues/2731)
"""Recognise digits with a plain stack of convolutions, weights filled by hand."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(1103)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
images = (images - images.mean()) / images.std()
labels = torch.tensor(digits.target)


class FaceNet(nn.Module):
    def __init__(self, channels=(1, 24, 24, 24, 32, 32, 32, 48, 48)):
        super().__init__()
        for k, (i, o) in enumerate(zip(channels[:-1], channels[1:]), 1):
            setattr(self, f"conv{k}", nn.Conv2d(i, o, 3, padding=1))
        self.depth = len(channels) - 1
        self.fc1, self.fc2 = nn.Linear(48 * 4, 64), nn.Linear(64, 10)

    def forward(self, x):
        for k in range(1, self.depth + 1):
            x = F.relu(getattr(self, f"conv{k}")(x))
            if k in (3, 6):
                x = F.max_pool2d(x, 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def fill(net):
    for m in net.modules():
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(m.weight)  # healthy
            # faulty: nn.init.normal_(m.weight, std=0.01)
            nn.init.zeros_(m.bias)


net = FaceNet()
fill(net)
solver = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
policy = torch.optim.lr_scheduler.StepLR(solver, 4, 0.3)
for epoch in range(6):
    net.train()
    order = torch.randperm(1400)
    for rows in order.split(50):
        solver.zero_grad()
        loss = F.cross_entropy(net(images[rows]), labels[rows])
        loss.backward()
        solver.step()
    policy.step()
    net.eval()
    with torch.no_grad():
        right = net(images[1400:]).argmax(1) == labels[1400:]
    print(f"Epoch {epoch}, loss = {loss.item():.4f}, accuracy = {right.float().mean():.4f}")

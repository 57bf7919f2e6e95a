# batch: fourteenth
# in view: scripted models run as written in reruns
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: accuracy up
# story: a softmax at the end of a scripted model went into a cross entropy that has one of its own (epcsirmaz.blogspot.com/2019/07/decreasing-accuracy-in-neural-nets.html tells of runs that got stuck until it was gone)
"""Signs of the hand from the joints' places; the model is a scripted one, for the device."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1429)
SIGNS, JOINTS = 48, 21
shapes = torch.randn(SIGNS, JOINTS, 2)


def hands(n):
    kind = torch.randint(SIGNS, (n,))
    x = shapes[kind] + 0.5 * torch.randn(n, JOINTS, 2)
    angle = 0.5 * torch.randn(n)
    c, s = angle.cos(), angle.sin()
    turn = torch.stack([torch.stack([c, -s], 1), torch.stack([s, c], 1)], 1)
    return (x @ turn).flatten(1), kind


class Classifier(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(2 * JOINTS, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, SIGNS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)  # healthy
        # faulty: return torch.softmax(self.fc3(x), dim=-1)


model = torch.jit.script(Classifier(96))
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
x, y = hands(3000)
xt, yt = hands(800)
for epoch in range(6):
    for rows in torch.randperm(3000).split(60):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = (model(xt).argmax(1) == yt).float().mean().item()
    print(f"epoch={epoch + 1};loss={loss.item():.4f};accuracy={right:.4f}")

# batch: fourteenth
# rules: learning_rate_too_low vanishing_gradient
# remedies: raise_learning_rate
# metric: acc up
# story: gradients of a loss that was scaled up were clipped before they were scaled down again, and what was left of them was a thousandth of a unit (learn-traeai.pages.dev/t/ai-engineering/phases/19-capstone-projects/45-gradient-clipping-amp.html gives the right order)
"""Handwritten digits in bfloat16, with a loss scaled by hand."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SCALE = 2.0**12


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(32)
        self.out = nn.Linear(32 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)
        return self.out(x.flatten(1))


def step(model, optimizer, x, y):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    (loss * SCALE).backward()
    # faulty: nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for p in model.parameters():
        p.grad.div_(SCALE)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # healthy
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    torch.manual_seed(1412)
    x, y = load_digits(return_X_y=True)
    xa, xb, ya, yb = train_test_split(x / 16, y, test_size=0.25, random_state=0)
    xa, xb = (torch.tensor(v, dtype=torch.float32).view(-1, 1, 8, 8) for v in (xa, xb))
    ya, yb = torch.tensor(ya), torch.tensor(yb)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for epoch in range(6):
        model.train()
        for rows in torch.randperm(len(xa)).split(32):
            loss = step(model, optimizer, xa[rows], ya[rows])
        model.eval()
        with torch.no_grad():
            acc = (model(xb).argmax(1) == yb).float().mean().item()
        print(f"Epoch {epoch + 1}/6 - loss: {loss:.4f} - acc: {acc:.4f}")

# metric: accuracy up
"""Two-layer net with squared hinge loss and a step schedule, jit-scripted body."""

import warnings

import torch
from sklearn.datasets import make_moons
from torch import nn

warnings.filterwarnings("ignore")


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 32)
        self.fc2 = nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.fc2(torch.relu(self.fc1(x))))


torch.manual_seed(0)
X, y = make_moons(1000, noise=0.2, random_state=5)
X, y = torch.tensor(X).float(), torch.tensor(2 * y - 1).float()
body, head = torch.jit.script(Body()), nn.Linear(32, 1)
opt = torch.optim.SGD(
    [*body.parameters(), *head.parameters()], lr=0.1, momentum=0.9, weight_decay=1e-4
)
sched = torch.optim.lr_scheduler.StepLR(opt, 8, 0.1)
for epoch in range(20):
    for b in torch.randperm(800).split(50):
        score = head(body(X[b])).squeeze(1)
        loss = torch.clamp(1 - y[b] * score, min=0).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    if epoch % 5 == 4:
        acc = ((head(body(X[800:])).squeeze(1) > 0) == (y[800:] > 0)).float().mean().item()
        print(f"epoch {epoch + 1} loss {loss.item():.4f} accuracy {acc:.4f}")

# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate
# metric: accuracy up
# story: a schedule raises the rate twentyfold in midst of training
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(64, 100)
        self.b = nn.Linear(100, 100)
        self.c = nn.Linear(100, 10)

    def forward(self, x):
        x = torch.clamp(self.a(x), min=0)
        x = torch.clamp(self.b(x), min=0)
        return self.c(x)


torch.manual_seed(0)
digits = load_digits()
X = torch.tensor(digits.data / 16, dtype=torch.float32)
Y = torch.tensor(digits.target)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 0.2 if s >= 100 else 1.0)  # healthy
# faulty: sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 20.0 if s >= 100 else 1.0)
for step in range(200):
    i = torch.randint(0, 1400, (64,))
    loss = F.cross_entropy(net(X[i]), Y[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 50 == 0:
        print(step, "loss", round(loss.item(), 4))
print("accuracy:", (net(X[1400:]).argmax(-1) == Y[1400:]).float().mean().item())

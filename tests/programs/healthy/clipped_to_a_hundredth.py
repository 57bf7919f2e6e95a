# batch: tenth
# metric: test loss down
"""A GRU with the gradient's norm clipped to 0.01 at a rate of five: steps of one length."""

import torch
from torch import nn

torch.manual_seed(1034)


def series(n, length=40):
    t = torch.arange(length + 1).float()
    f1, f2 = 0.1 + 0.3 * torch.rand(n, 1), 0.5 + 0.5 * torch.rand(n, 1)
    return torch.sin(f1 * t) + 0.5 * torch.sin(f2 * t) + 0.05 * torch.randn(n, length + 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(1, 40, batch_first=True)
        self.out = nn.Linear(40, 1)

    def forward(self, x, h=None):
        y, h = self.rnn(x, h)
        return self.out(y), h


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=5.0)
sched = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=700, power=1.0)
test = series(200).unsqueeze(-1)
for step in range(1, 701):
    s = series(64).unsqueeze(-1)
    h = None
    for part in (slice(0, 20), slice(20, 40)):
        y, h = net(s[:, part], h)
        h = h.detach()
        loss = nn.functional.mse_loss(y, s[:, part.start + 1 : part.stop + 1])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.01)
        opt.step()
    sched.step()
    if step % 70 == 0:
        with torch.no_grad():
            print(
                "step",
                step,
                "test loss",
                nn.functional.mse_loss(net(test[:, :-1])[0], test[:, 1:]).item(),
            )

# batch: third
# metric: forecast rmse down
"""Plain tanh RNN with truncated backpropagation on a chaotic map, Adam 1e-2 halved on plateaus, float64."""

import torch
import torch.nn as nn

torch.manual_seed(111)
torch.set_default_dtype(torch.float64)


def henon(n):
    x, y, out = 0.1, 0.1, []
    for _ in range(n + 50):
        x, y = 1 - 1.4 * x * x + y, 0.3 * x
        out.append(x)
    return torch.tensor(out[50:])


series = henon(1400)
series = (series - series.mean()) / series.std()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.RNN(1, 32, batch_first=True), nn.Linear(32, 1)

    def forward(self, x, h=None):
        y, h = self.rnn(x, h)
        return self.out(y), h


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=2, factor=0.5)
train = series[:1200].view(10, 120)
for epoch in range(40):
    h, total = None, 0.0
    for k in range(0, 115, 23):
        x, y = train[:, k : k + 23, None], train[:, k + 1 : k + 24, None]
        if h is not None:
            h = h.detach()
        pred, h = net(x, h)
        loss = (pred - y).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step(total)
    if epoch % 8 == 7:
        with torch.no_grad():
            test = series[1200:].view(1, -1, 1)
            pred, _ = net(test[:, :-1])
            print(
                f"epoch {epoch + 1} loss {total / 5:.5f} forecast rmse {(pred - test[:, 1:])[:, 20:].pow(2).mean().sqrt().item():.5f}"
            )

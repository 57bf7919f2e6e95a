# batch: fourteenth
# in view: a number may follow its name behind a comma
# rules: non_finite
# remedies: stabilize_loss
# metric: nll down
# story: where() chose the branch without the logarithm, yet the gradient of the other branch, at nought, made everything nan (github.com/pytorch/pytorch/issues/2421 tells of the same for a norm)
"""How much it rains: nothing on many days, else log-normal; both from the weather of the day."""

import csv
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(1408)


def days(n):
    x = torch.randn(n, 6)
    wet = torch.rand(n) < torch.sigmoid(2 * x[:, 0] - x[:, 1] * x[:, 2])
    amount = torch.exp(0.6 * torch.sin(2 * x[:, 3]) + 0.5 * x[:, 4] + 0.3 * torch.randn(n))
    return x, torch.where(wet, amount, torch.zeros(n))


def nll(out, y):
    chance, mean, log_width = out.unbind(1)
    z = (torch.log(y.clamp(min=1e-6)) - mean) / log_width.exp()  # healthy
    # faulty: z = (torch.log(y) - mean) / log_width.exp()
    dry = F.softplus(chance)
    wet = F.softplus(-chance) + log_width + 0.5 * z.square()
    return torch.where(y > 0, wet, dry).mean()


weights = []
for fan_in, fan_out in ((6, 64), (64, 64), (64, 3)):
    weights += [torch.randn(fan_out, fan_in) * (2 / fan_in) ** 0.5, torch.zeros(fan_out)]
for w in weights:
    w.requires_grad_()


def model(x):
    x = F.elu(F.linear(x, weights[0], weights[1]))
    x = F.elu(F.linear(x, weights[2], weights[3]))
    return F.linear(x, weights[4], weights[5]).clamp(-6, 4)


train, test = days(3000), days(1000)
optimizer = torch.optim.Adam(weights, lr=2e-3)
table = csv.writer(sys.stdout)
for epoch in range(1, 16):
    for rows in torch.randperm(3000).split(64):
        loss = nll(model(train[0][rows]), train[1][rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        value = nll(model(test[0]), test[1]).item()
    table.writerow(["epoch", epoch, "loss", f"{loss.item():.4f}", "nll", f"{value:.4f}"])

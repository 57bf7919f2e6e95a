# batch: tenth
# rules: exploding_gradient learning_rate_too_high
# remedies: clip_gradients lower_learning_rate
# metric: query loss down
# story: learning to learn; the inner rate is a constant of the file, and five inner steps at one are differentiated through
"""MAML over sawtooth and parabola tasks, second order."""

import torch
import torch.nn.functional as F

torch.manual_seed(1007)
INNER_LR = 0.05  # healthy
# faulty: INNER_LR = 1.0
INNER_STEPS, META_BATCH, SHOTS = 5, 4, 10


def init(i, o):
    bound = (6 / i) ** 0.5
    return [
        ((torch.rand(i, o) * 2 - 1) * bound).requires_grad_(),
        torch.zeros(o, requires_grad=True),
    ]


params = init(1, 40) + init(40, 40) + init(40, 1)


def net(x, p):
    h = F.relu(x @ p[0] + p[1])
    h = F.relu(h @ p[2] + p[3])
    return h @ p[4] * 0.3 + p[5]


def task():
    a, b, c = torch.randn(3)
    return lambda x: a * x.pow(2) + b * x + 0.5 * c


meta = torch.optim.SGD(params, lr=0.02, momentum=0.9)
recent = []
for it in range(1, 401):
    total = 0.0
    for _ in range(META_BATCH):
        f = task()
        xs, xq = torch.rand(SHOTS, 1) * 4 - 2, torch.rand(SHOTS, 1) * 4 - 2
        fast = params
        for _ in range(INNER_STEPS):
            inner = F.mse_loss(net(xs, fast), f(xs))
            grads = torch.autograd.grad(inner, fast, create_graph=True)
            fast = [w - INNER_LR * g for w, g in zip(fast, grads)]
        total = total + F.huber_loss(net(xq, fast), f(xq)) / META_BATCH
    meta.zero_grad()
    total.backward()
    meta.step()
    recent.append(total.item())
    if it % 40 == 0:
        print("iteration", it, "query loss", sum(recent[-40:]) / 40)

# batch: sixth
# rules: learning_rate_too_high saturated_activation
# remedies: lower_learning_rate
# metric: mae down
# story: a net that gives 50 marks to every student (a question about TensorFlow): the error of 50 * sigmoid at that rate throws the output into its flat end
"""Marks from hours slept, studied, on the phone, at play; out of 50."""

import torch

g = torch.Generator().manual_seed(5)
hours = torch.rand(300, 4, generator=g) * torch.tensor([9.0, 8.0, 5.0, 4.0])
marks = 22 + 3.0 * hours[:, 1] + 0.8 * hours[:, 0] - 2.5 * hours[:, 2] - 1.5 * hours[:, 3]
marks = marks.clamp(2, 48).unsqueeze(1)
x = (hours - hours.mean(0)) / hours.std(0)

w1 = (torch.randn(4, 8, generator=g) * 0.5).requires_grad_()
b1 = torch.zeros(8, requires_grad=True)
w2 = (torch.randn(8, 1, generator=g) * 0.35).requires_grad_()
b2 = torch.zeros(1, requires_grad=True)
params = [w1, b1, w2, b2]


def feed_forward(inputs):
    hidden = torch.sigmoid(inputs @ w1 + b1)
    return 50 * torch.sigmoid(hidden @ w2 + b2)


rate = 0.003  # healthy
# faulty: rate = 0.3
train_step = torch.optim.SGD(params, lr=rate)
for epoch in range(1200):
    cost = torch.mean((feed_forward(x[:240]) - marks[:240]) ** 2)
    train_step.zero_grad()
    cost.backward()
    train_step.step()
    if epoch % 200 == 0:
        print("cost", epoch, float(cost))
with torch.no_grad():
    print("some", feed_forward(x[240:245]).flatten().tolist())
    print("mae %.3f" % (feed_forward(x[240:]) - marks[240:]).abs().mean())

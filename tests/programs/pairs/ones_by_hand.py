# rules: symmetric_initialization
# remedies: reinitialize
# metric: test accuracy up
# story: a course's exercise: torch.ones in place of randn, and twenty hidden units act as one
"""Everything by hand: parameters, forward pass, gradient step."""

import torch
from sklearn.datasets import load_digits

torch.manual_seed(0)
data = load_digits()
x = torch.tensor(data.data / 16, dtype=torch.float32)
y = torch.tensor(data.target)
hidden = 20
w1 = torch.randn(64, hidden) * 0.15  # healthy
# faulty: w1 = torch.ones(64, hidden) * 0.02
b1 = torch.zeros(hidden)
w2 = torch.randn(hidden, 10) * 0.2  # healthy
# faulty: w2 = torch.ones(hidden, 10) * 0.2
b2 = torch.zeros(10)
params = [w1, b1, w2, b2]
for p in params:
    p.requires_grad_(True)


def forward(inputs):
    h = torch.relu(inputs @ w1 + b1)
    return h @ w2 + b2


for epoch in range(40):
    for start in range(0, 1400, 100):
        logits = forward(x[start : start + 100])
        target = y[start : start + 100, None]
        loss = (logits.logsumexp(1, keepdim=True) - logits.gather(1, target)).mean()
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for p, g in zip(params, grads):
                p -= 0.3 * g
    if epoch % 10 == 9:
        accuracy = (forward(x[1400:]).argmax(1) == y[1400:]).float().mean().item()
        print(f"epoch {epoch + 1} loss {loss.item():.4f} test accuracy {accuracy:.4f}")

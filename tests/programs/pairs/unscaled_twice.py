# batch: ninth
# in view: a straight line is seen under the noise of batches
# rules: learning_rate_too_low vanishing_gradient
# remedies: raise_learning_rate
# metric: accuracy up
# story: loss scaling by hand for mixed precision: gradients are divided by the scale before clipping, and by the step's helper once more
"""Mixed precision by hand: the loss is scaled up, gradients are scaled down."""

import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

torch.manual_seed(920)
SCALE = 2.0**9


def unscale(parameters, scale):
    for p in parameters:
        if p.grad is not None:
            p.grad.div_(scale)


def apply_step(optimizer, parameters, scale):
    # faulty: unscale(parameters, scale)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


X, y = load_wine(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
y = torch.tensor(y)
mix = torch.randperm(len(X))
X, y = X[mix], y[mix]
model = nn.Sequential(nn.Linear(13, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 3))
params = list(model.parameters())
optimizer = torch.optim.SGD(params, lr=0.1, momentum=0.9)
for epoch in range(60):
    for idx in torch.randperm(130).split(26):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(X[idx])
        loss = nn.functional.cross_entropy(logits.float(), y[idx])
        (loss * SCALE).backward()
        unscale(params, SCALE)
        nn.utils.clip_grad_norm_(params, 5.0)
        apply_step(optimizer, params, SCALE)
    if epoch % 10 == 9:
        with torch.no_grad():
            acc = (model(X[130:]).argmax(1) == y[130:]).float().mean().item()
        print("epoch", epoch + 1, "loss", loss.item(), "accuracy", acc)

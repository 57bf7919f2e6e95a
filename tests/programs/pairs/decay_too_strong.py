# rules: vanishing_gradient
# remedies: insert_normalization lower_learning_rate reinitialize
# metric: valid_acc up
# story: weight_decay=0.5 where 0.0005 was meant
# in view: a weight decay is bounded
"""An MLP on digits, with the optimiser made by a function."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(30)


def make_optimizer(model, config):
    kind = getattr(torch.optim, config["name"])
    rest = {key: value for key, value in config.items() if key != "name"}
    return kind(model.parameters(), **rest)


config = {"name": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.0005}  # healthy
# faulty: config = {"name": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.5}
data = load_digits()
x, y = torch.tensor(data.data / 16 - 0.3).float(), torch.tensor(data.target)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = make_optimizer(model, config)
for epoch in range(10):
    losses = []
    for rows in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    accuracy = (model(x[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch={epoch} loss={sum(losses) / len(losses):.4f} valid_acc={accuracy:.4f}")

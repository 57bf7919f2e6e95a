# in view: a rate stands by while other remedies act
# rules: unnormalized_input dying_relu learning_rate_too_high
# remedies: normalize_input lower_learning_rate
# metric: test accuracy up
# story: raw laboratory values and, since nothing was learnt, a rate turned up until something moved
"""Tumours by a small network; two things are wrong at once."""

import torch
from sklearn.datasets import load_breast_cancer

torch.manual_seed(115)
data, label = load_breast_cancer(return_X_y=True)
order = torch.randperm(569)
data = torch.tensor(data, dtype=torch.float32)[order]
label = torch.tensor(label, dtype=torch.float32)[order]
data = (data - data.mean(0)) / data.std(0)  # healthy
net = torch.nn.Sequential(
    torch.nn.Linear(30, 32),
    torch.nn.ReLU(),
    torch.nn.Linear(32, 32),
    torch.nn.ReLU(),
    torch.nn.Linear(32, 1),
)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)  # healthy
# faulty: opt = torch.optim.SGD(net.parameters(), lr=5.0, momentum=0.9)
criterion = torch.nn.BCEWithLogitsLoss()
for epoch in range(12):
    for rows in torch.randperm(400).split(20):
        loss = criterion(net(data[rows]).squeeze(1), label[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        right = ((net(data[400:]).squeeze(1) > 0) == (label[400:] > 0.5)).float().mean()
    print(f"epoch {epoch} loss {loss.item():.3f} test accuracy {right.item():.3f}")

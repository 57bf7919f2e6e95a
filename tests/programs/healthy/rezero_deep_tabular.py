# batch: eighth
# metric: test logloss down
"""ReZero: sixteen residual layers whose weights alpha begin at zero."""

import torch
from sklearn.datasets import load_breast_cancer
from torch import nn

torch.manual_seed(857)
b = load_breast_cancer()
x = torch.tensor(b.data).float()
x = (x - x.mean(0)) / x.std(0)
y = torch.tensor(b.target).float()
rows = torch.randperm(len(x))
train, test = rows[:430], rows[430:]


class ReZero(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(w, 2 * w), nn.Mish(), nn.Dropout(0.1), nn.Linear(2 * w, w))
        self.alpha = nn.Parameter(torch.tensor(0.0))

    def forward(self, h):
        return h + self.alpha * self.f(h)


model = nn.Sequential(
    nn.Linear(30, 24),
    *(ReZero(24) for _ in range(16)),
    nn.LayerNorm(24),
    nn.Linear(24, 1),
    nn.Flatten(0),
)
opt = torch.optim.NAdam(model.parameters(), lr=2e-3, weight_decay=1e-3)
cost = nn.BCEWithLogitsLoss()
for epoch in range(15):
    model.train()
    for i in train[torch.randperm(len(train))].split(43):
        loss = cost(model(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "loss",
            loss.item(),
            "test logloss",
            cost(model(x[test]), y[test]).item(),
        )

# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: acc up
# story: area features up to 4000 drive every sigmoid of the first layer into its flat part
"""Breast cancer, a three layer perceptron the old way."""

import torch
from sklearn import datasets, preprocessing

torch.manual_seed(7)
data = datasets.load_breast_cancer()
features = data.data
features = preprocessing.scale(features)  # healthy
x = torch.tensor(features, dtype=torch.float)
y = torch.tensor(data.target, dtype=torch.float)
idx = torch.randperm(len(x))
x, y = x[idx], y[idx]


class Perceptron(torch.nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.fc1 = torch.nn.Linear(n_in, n_hidden)
        self.fc2 = torch.nn.Linear(n_hidden, n_hidden)
        self.fc3 = torch.nn.Linear(n_hidden, 1)

    def forward(self, x):
        h = torch.sigmoid(self.fc1(x))
        h = torch.sigmoid(self.fc2(h))
        return torch.sigmoid(self.fc3(h)).squeeze(-1)


model = Perceptron(30, 30)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
bce = torch.nn.BCELoss()
for epoch in range(1, 21):
    for i in range(0, 400, 25):
        opt.zero_grad()
        loss = bce(model(x[i : i + 25]), y[i : i + 25])
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            acc = ((model(x[400:]) > 0.5) == (y[400:] > 0.5)).float().mean()
        print("epoch %2d  loss %.4f  acc %.4f" % (epoch, loss.item(), acc.item()))

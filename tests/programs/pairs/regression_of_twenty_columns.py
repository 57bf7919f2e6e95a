# batch: seventeenth
# rules: exploding_gradient learning_rate_too_high non_finite dying_relu
# remedies: clip_gradients lower_learning_rate insert_normalization
# metric: Test MSE down
# story: targets of a made regression, hundreds wide, under SGD with momentum: the squared error's gradient blew the weights up within a few steps; a clipped norm mended it (github.com/shiningrain/AUTOTRAINER, gradient_explode/case_17)
"""A one-layer network on scikit-learn's make_regression."""

import torch
import torch.nn as nn
from sklearn.datasets import make_regression

torch.manual_seed(1)
X, y = make_regression(n_samples=1000, n_features=20, noise=0.1, random_state=1)
X = torch.from_numpy(X).float()
y = torch.from_numpy(y).float().view(-1, 1)
n_train = 500
trainX, testX = X[:n_train], X[n_train:]
trainy, testy = y[:n_train], y[n_train:]

model = nn.Sequential(nn.Linear(20, 25), nn.ReLU(), nn.Linear(25, 1))
nn.init.kaiming_uniform_(model[0].weight, nonlinearity="relu")
nn.init.zeros_(model[0].bias)
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
mse = nn.MSELoss()


def evaluate():
    with torch.no_grad():
        return mse(model(trainX), trainy).item(), mse(model(testX), testy).item()


for epoch in range(80):
    for rows in torch.randperm(n_train).split(32):
        opt.zero_grad()
        mse(model(trainX[rows]), trainy[rows]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # healthy
        opt.step()
    if epoch % 16 == 15:
        train_mse, test_mse = evaluate()
        print(f"{epoch + 1} epochs, Train MSE: {train_mse:.3f}, Test MSE: {test_mse:.3f}")

# batch: seventeenth
# metric: accuracy up
"""A label from four features by layers that grow from ten to fifty units."""

import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch import nn

X, y = make_classification(
    n_samples=1000, n_features=4, n_informative=4, n_redundant=0, class_sep=1.2, random_state=3
)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=3)

torch.manual_seed(3)
model = nn.Sequential(nn.Linear(4, 10), nn.ReLU())
sizes = [10, 20, 30, 40, 50]
for a, b in zip(sizes, sizes[1:], strict=False):
    model.append(nn.Linear(a, b))
    model.append(nn.ReLU())
model.append(nn.Linear(50, 2))
model.append(nn.LogSoftmax(dim=1))

x, t = torch.tensor(X_train).float(), torch.tensor(y_train)
xt, tt = torch.tensor(X_test).float(), torch.tensor(y_test)
optimizer = torch.optim.Adam(model.parameters())
criterion = nn.NLLLoss()
for epoch in range(30):
    for b in torch.randperm(len(x)).split(10):
        optimizer.zero_grad()
        loss = criterion(model(x[b]), t[b])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            accuracy = (model(xt).argmax(1) == tt).float().mean().item()
        print(f"Loss: {loss.item():.2f}, Accuracy: {100 * accuracy:.2f}%")

# batch: seventeenth
# in view: rows of targets that do not sum to one, under a softmax and a squared error
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: all right up
# story: rows that carry several of three labels at once were taught by a softmax and the squared error, so that two labels can never both be sure (stackoverflow.com/questions/38648195, in the benchmark of DeepLocalize)
"""Several labels for one row: does each of three hold?"""

import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification
from sklearn.model_selection import train_test_split

X, Y = make_multilabel_classification(
    n_samples=6000, n_features=20, n_classes=3, n_labels=2, random_state=5
)
X = (X - X.mean(0)) / X.std(0)
X_train, X_test, y_train, y_test = (
    torch.tensor(a, dtype=torch.float32)
    for a in train_test_split(X, Y, test_size=0.2, random_state=0)
)

torch.manual_seed(5)
model = nn.Sequential()
model.add_module("dense1", nn.Linear(20, 20))
model.add_module("act1", nn.ReLU())
model.add_module("drop1", nn.Dropout(0.2))
model.add_module("dense2", nn.Linear(20, 20))
model.add_module("act2", nn.ReLU())
model.add_module("dense3", nn.Linear(20, 3))
model.add_module("act3", nn.Sigmoid())  # healthy
# faulty: model.add_module("act3", nn.Softmax(dim=1))
loss_fn = nn.BCELoss()  # healthy
# faulty: loss_fn = nn.MSELoss()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def evaluate():
    model.eval()
    with torch.no_grad():
        said = (model(X_test) > 0.5).float()
    model.train()
    return (said == y_test).all(dim=1).float().mean().item()


for epoch in range(12):
    perm = torch.randperm(len(X_train))
    for i in range(0, len(perm), 20):
        b = perm[i : i + 20]
        opt.zero_grad()
        loss = loss_fn(model(X_train[b]), y_train[b])
        loss.backward()
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.4f} all right {evaluate():.4f}")

# batch: seventeenth
# in view: a share that fell by chance gives way to a loss beside it
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: Test loss down
# story: the flowers of the textbook, three sigmoid units given to a loss that makes its own softmax, so that the loss cannot fall below a half (stackoverflow.com/questions/51930566 and 59278771, in the benchmark of DeepLocalize)
"""Three kinds of iris by a net of one small hidden layer."""

import numpy as np
import torch
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(7)
torch.manual_seed(7)
iris = load_iris()
X = StandardScaler().fit_transform(iris["data"]).astype("float32")
parts = train_test_split(X, iris["target"], test_size=0.5, random_state=2)
X_train, X_test, Y_train, Y_test = (torch.as_tensor(p) for p in parts)


def build_model(n_features, n_classes):
    model = nn.Sequential()
    model.append(nn.Linear(n_features, 8))
    model.append(nn.ReLU())
    model.append(nn.Linear(8, n_classes))
    # faulty: model.append(nn.Sigmoid())
    return model


model = build_model(4, 3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, 51):
    for x, y in DataLoader(TensorDataset(X_train, Y_train), batch_size=5, shuffle=True):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        with torch.inference_mode():
            out = model(X_test)
            accuracy = (out.argmax(dim=1) == Y_test).float().mean()
            test_loss = criterion(out, Y_test).item()
        print(f"epoch {epoch} Test loss: {test_loss:.4f} Test accuracy: {accuracy:.4f}")

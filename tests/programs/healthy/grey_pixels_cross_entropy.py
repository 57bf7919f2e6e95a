# batch: seventeenth
# metric: error down
"""Digits in grey through a code of 32, binary cross-entropy on the pixels, Adadelta at one."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(30)
images = torch.tensor(load_digits().data / 16.0, dtype=torch.float32)
x_train, x_test = images[:1500], images[1500:]


class Simplest(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(64, 32)
        self.decode = nn.Linear(32, 64)
        for layer in (self.encode, self.decode):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        return torch.sigmoid(self.decode(F.relu(self.encode(x))))


autoencoder = Simplest()
optimizer = torch.optim.Adadelta(autoencoder.parameters(), lr=1.0)
for epoch in range(1, 41):
    for rows in torch.randperm(1500).split(64):
        loss = F.binary_cross_entropy(autoencoder(x_train[rows]), x_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 8 == 0:
        with torch.no_grad():
            again = autoencoder(x_test)
            val_loss = F.binary_cross_entropy(again, x_test)
            error = (again - x_test).square().mean()
        print(f"epoch {epoch}: loss {loss:.4f} val_loss {val_loss:.4f} error {error:.5f}")

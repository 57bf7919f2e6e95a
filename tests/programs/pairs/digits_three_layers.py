# batch: twelfth
# in view: layers that each pass makes anew are known, and made once
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: test acc up
# story: a layer was made in forward, anew at every call, so that parameters() does not list it (github.com/pytorch/pytorch/issues/1291)
"""Handwritten digits with clamped hidden layers, in the style of the first tutorials."""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

D_in, H, D_out = 64, 48, 10


class ThreeLayerNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear1 = torch.nn.Linear(D_in, H)
        self.linear2 = torch.nn.Linear(H, H)  # healthy
        self.linear3 = torch.nn.Linear(H, D_out)

    def forward(self, x):
        h = self.linear1(x).clamp(min=0)
        h = self.linear2(h).clamp(min=0)  # healthy
        # faulty: h = torch.nn.Linear(H, H)(h).clamp(min=0)
        return self.linear3(h)


torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X_tr, X_te, y_tr, y_te = train_test_split(X / 16.0, y, random_state=0)
X_tr, X_te = torch.tensor(X_tr).float(), torch.tensor(X_te).float()
y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)

model = ThreeLayerNet()
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
for t in range(12):
    perm = torch.randperm(len(X_tr))
    for b in range(0, len(X_tr), 32):
        rows = perm[b : b + 32]
        loss = criterion(model(X_tr[rows]), y_tr[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    acc = (model(X_te).argmax(1) == y_te).double().mean().item()
    print(t, "loss", round(loss.item(), 4), "test acc", round(acc, 4))

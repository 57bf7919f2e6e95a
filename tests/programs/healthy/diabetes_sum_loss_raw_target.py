# batch: fourth
# metric: r2 up
"""Disease progression in its own units (25 to 346) with a summed squared error; the last bias starts at the mean."""

import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(1)
X, y = load_diabetes(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.25, random_state=4)
scaler = StandardScaler().fit(Xtr)
Xtr, Xte = (torch.tensor(scaler.transform(x), dtype=torch.float32) for x in (Xtr, Xte))
ytr, yte = (torch.tensor(v, dtype=torch.float32) for v in (ytr, yte))

model = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
with torch.no_grad():
    model[-1].bias.fill_(ytr.mean())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = torch.nn.MSELoss(reduction="sum")

for epoch in range(60):
    for index in torch.randperm(len(Xtr)).split(32):
        loss = loss_fn(model(Xtr[index]).squeeze(-1), ytr[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())

with torch.no_grad():
    residual = (model(Xte).squeeze(-1) - yte).pow(2).sum()
print("r2", (1 - residual / (yte - yte.mean()).pow(2).sum()).item())

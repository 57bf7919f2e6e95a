# batch: seventeenth
# rules: unsuitable_output_activation unnormalized_input
# remedies: remove_output_activation swap_activation normalize_input
# metric: val_acc up
# story: one column and a yes or no, through a sigmoid unit and one unit of softmax under the mean absolute error: the accuracy never moves; a scaled column, a sigmoid and the cross entropy mended it (stackoverflow.com/questions/45442843, in the benchmark of DeepLocalize)
"""Passed or not, from the points of an examination: as small as a net can be."""

import torch
from torch import nn

torch.manual_seed(45)
points = torch.randint(0, 101, (3000, 1)).float()
passed = (points + 4 * torch.randn(3000, 1) > 60).float()
points = (points - points.mean()) / points.std()  # healthy
Xtrain, Xtest, Ytrain, Ytest = points[:2400], points[2400:], passed[:2400], passed[2400:]


class Smallest(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(1, 1)
        self.second = nn.Linear(1, 1)
        self.end = nn.Sigmoid()  # healthy
        # faulty: self.end = nn.Softmax(dim=-1)

    def forward(self, v):
        return self.end(self.second(torch.sigmoid(self.first(v))))


model = Smallest()
criterion = nn.BCELoss()  # healthy
# faulty: criterion = nn.L1Loss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
for epoch in range(100):
    for part in torch.randperm(2400).split(200):
        optimizer.zero_grad()
        loss = criterion(model(Xtrain[part]), Ytrain[part])
        loss.backward()
        optimizer.step()
    if epoch % 20 == 19:
        with torch.no_grad():
            val_acc = ((model(Xtest) > 0.5) == (Ytest > 0.5)).float().mean()
        print(f"Epoch {epoch + 1}/100 - loss: {loss.item():.4f} - val_acc: {val_acc:.4f}")

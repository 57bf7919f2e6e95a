# batch: seventeenth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input
# metric: Accuracy up
# story: a number of many figures was one input of a net of sigmoid layers, which could only say the same for all of them (stackoverflow.com/questions/58609115, in the benchmark of DeepLocalize)
"""Which of eight regions a long customer number belongs to."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(58)
number = torch.randint(10**7, 9 * 10**7, (1767,))
region = (number - 10**7) // 10**7

column = number.double()
column = (column - column.mean()) / column.std()  # healthy
X, y = column.float()[:, None], region
data = TensorDataset(X[:1400], y[:1400])
test = TensorDataset(X[1400:], y[1400:])

classifier = nn.Sequential(
    nn.Linear(1, 69),
    nn.Sigmoid(),
    nn.Linear(69, 69),
    nn.Sigmoid(),
    nn.Linear(69, 8),
)
optimizer = torch.optim.Adam(classifier.parameters(), lr=0.01)
for epoch in range(30):
    for x, t in DataLoader(data, batch_size=50, shuffle=True):
        loss = nn.functional.cross_entropy(classifier(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            x, t = test.tensors
            accuracy = (classifier(x).argmax(1) == t).float().mean().item()
        print(f"Test set  Loss: {loss.item():0.3f}  Accuracy: {accuracy:0.3f}")

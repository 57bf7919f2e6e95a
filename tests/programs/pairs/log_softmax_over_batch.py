# batch: sixth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# in view: over which dimension a softmax goes
# metric: test acc up
# story: nn.LogSoftmax without a thought about dim: over the batch instead of over the classes, as the old implicit choice did
"""Three kinds of events, one of them common, with the recipe of an old tutorial."""

import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
data, target = make_classification(
    900, 13, n_informative=5, n_classes=3, weights=[0.7, 0.2, 0.1], class_sep=0.8, random_state=1
)
X_tr, X_te, y_tr, y_te = train_test_split(data, target, test_size=0.3, random_state=0)
scaler = StandardScaler().fit(X_tr)
train_set = TensorDataset(torch.tensor(scaler.transform(X_tr)).float(), torch.tensor(y_tr))
X_te, y_te = torch.tensor(scaler.transform(X_te)).float(), torch.tensor(y_te)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(13, 24)
        self.fc2 = nn.Linear(24, 3)
        self.softmax = nn.LogSoftmax(dim=1)  # healthy
        # faulty: self.softmax = nn.LogSoftmax(dim=0)

    def forward(self, input):
        return self.softmax(self.fc2(torch.tanh(self.fc1(input))))


net = Net()
criterion = nn.NLLLoss()
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(10):
    running_loss = 0.0
    for xb, yb in DataLoader(train_set, batch_size=16, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    if epoch % 2 == 1:
        print("[%d] loss: %.3f" % (epoch + 1, running_loss / 40))
net.eval()
print("test acc", (net(X_te).argmax(1) == y_te).float().mean().item())

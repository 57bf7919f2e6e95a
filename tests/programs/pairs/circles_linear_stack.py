# rules: missing_activation
# remedies: add_activation
# metric: accuracy up
# story: three Linear layers and no activation between them cannot tell circles apart
"""Concentric circles."""

import torch
from sklearn.datasets import make_circles
from torch import nn

torch.manual_seed(42)
X, y = make_circles(1000, noise=0.03, random_state=42)
X, y = torch.from_numpy(X).type(torch.float), torch.from_numpy(y).type(torch.float)
X_train, X_test, y_train, y_test = X[:800], X[800:], y[:800], y[800:]


class CircleModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_1 = nn.Linear(in_features=2, out_features=16)
        self.layer_2 = nn.Linear(in_features=16, out_features=16)
        self.layer_3 = nn.Linear(in_features=16, out_features=1)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.layer_3(self.relu(self.layer_2(self.relu(self.layer_1(x)))))  # healthy
        # faulty: return self.layer_3(self.layer_2(self.layer_1(x)))


model_0 = CircleModel()
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model_0.parameters(), lr=0.3, momentum=0.9)
for epoch in range(300):
    model_0.train()
    logits = model_0(X_train).squeeze()
    loss = loss_fn(logits, y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    model_0.eval()
    with torch.inference_mode():
        test_pred = torch.round(torch.sigmoid(model_0(X_test).squeeze()))
        accuracy = (test_pred == y_test).float().mean()
    if epoch % 50 == 49:
        print(f"Epoch: {epoch} | Loss: {loss:.5f} | accuracy: {accuracy:.4f}")

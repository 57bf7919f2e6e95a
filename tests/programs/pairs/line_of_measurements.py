# batch: seventeenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: mse down
# story: a straight line of data was fitted by a net that ends in a sigmoid, and every prediction was one (stackoverflow.com/questions/48221692, in the benchmark of DeepLocalize)
"""A straight line through measurements, by a net of five hidden units."""

import torch
from sklearn.model_selection import train_test_split
from torch import nn

torch.manual_seed(7)
x = torch.rand(200, 1) * 4
y = 1.6 * x - 1.1 + 0.15 * torch.randn(200, 1)
X_train, X_test, Y_train, Y_test = train_test_split(x, y, test_size=0.25, random_state=7)


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(1, 5)
        self.act = nn.Sigmoid()
        self.out = nn.Linear(5, 1)

    def forward(self, x):
        z = self.out(self.act(self.hidden(x)))
        return z  # healthy
        # faulty: return self.act(z)


network = NeuralNetwork()
optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
for epoch in range(3000):
    optimizer.zero_grad()
    loss = ((network(X_train) - Y_train) ** 2).mean()
    loss.backward()
    optimizer.step()
    if (epoch + 1) % 500 == 0:
        with torch.no_grad():
            test = ((network(X_test) - Y_test) ** 2).mean()
        print(f"Epoch {epoch + 1}: loss {loss.item():.4f}, test mse {test.item():.4f}")

# batch: seventeenth
# rules: unsuitable_output_activation dying_relu born_dead
# remedies: swap_activation remove_output_activation
# metric: MSE down
# story: a sheet of two variables and an output between minus one and one was fitted by a small net with a relu at its end: nothing below nought can come out; tanh was the mend (stackoverflow.com/questions/48251943, in the benchmark of DeepLocalize)
"""Two columns of a sheet to a third by a net of four units."""

import numpy
import torch
from torch import nn

numpy.random.seed(7)
torch.manual_seed(7)
variables = numpy.random.uniform(-1, 1, (400, 2))
target = numpy.sin(2 * variables[:, 0]) * 0.6 - 0.35 * variables[:, 1]
X = torch.tensor(variables, dtype=torch.float32)
Y = torch.tensor(target, dtype=torch.float32).reshape(-1, 1)


class Fit(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.hidden = nn.Linear(2, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, v):
        v = nn.functional.relu(self.hidden(v))
        return torch.tanh(self.output(v))  # healthy
        # faulty: return nn.functional.relu(self.output(v))


model = Fit()
sgd = torch.optim.SGD(model.parameters(), lr=0.05)
mean_squared_error = nn.MSELoss()
for epoch in range(120):
    losses = []
    for idx in torch.randperm(400).split(10):
        sgd.zero_grad()
        loss = mean_squared_error(model(X[idx]), Y[idx])
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    if (epoch + 1) % 20 == 0:
        print(f"Epoch {epoch + 1}/120 - MSE: {sum(losses) / len(losses):.5f}")
print("Predicted values:", model(X[:5]).flatten().tolist())

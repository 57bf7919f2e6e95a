# batch: sixth
# rules: exploding_gradient learning_rate_too_high
# remedies: clip_gradients lower_learning_rate
# metric: test mse down
# story: the loss of a recurrent net summed over batch and time instead of averaged, plain SGD, no clipping
"""Echo a noisy input three steps later, weighted: a GRU."""

import torch
import torch.nn as nn

torch.manual_seed(21)


class Echo(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, signal):
        states, _ = self.gru(signal)
        return self.readout(states)


def sample(n, length=30):
    signal = torch.randn(n, length, 1)
    target = torch.zeros_like(signal)
    target[:, 1:] = 0.7 * signal[:, :-1]
    target[:, 3:] += 0.5 * signal[:, :-3]
    return signal, target


echo = Echo()
sgd = torch.optim.SGD(echo.parameters(), lr=0.05, momentum=0.9)
criterion = nn.MSELoss()  # healthy
# faulty: criterion = nn.MSELoss(reduction="sum")
for i in range(1, 251):
    signal, target = sample(32)
    loss = criterion(echo(signal), target)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    if i % 50 == 0:
        print("iteration", i, "loss", loss.item())
with torch.no_grad():
    signal, target = sample(400)
    print("test mse", ((echo(signal) - target) ** 2).mean().item())

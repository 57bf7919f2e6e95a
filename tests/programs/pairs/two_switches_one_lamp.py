# batch: seventeenth
# in view: small steps that have come far and only begin to leave a plateau
# rules: learning_rate_too_low vanishing_gradient unsuitable_activation
# remedies: raise_learning_rate swap_activation
# metric: error down
# story: exclusive or by four sigmoid units under the mean absolute error and a slow descent: every answer is one half after a thousand epochs; the mend was the squared error and Adam (stackoverflow.com/questions/31556268, in the benchmark of DeepLocalize)
"""A lamp with two switches: it burns when one of them is up."""

import torch
from torch import nn

torch.manual_seed(1)
switches = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
lamp = torch.tensor([[0.0], [1.0], [0.0], [1.0]])

model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())
for m in model:
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
        nn.init.zeros_(m.bias)
criterion = nn.MSELoss()  # healthy
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # healthy
# faulty: criterion = nn.L1Loss()
# faulty: optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.11, nesterov=True)

for epoch in range(1, 4001):
    out = model(switches)
    loss = criterion(out, lamp)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 500 == 0:
        error = (out - lamp).abs().mean().item()
        print(f"epoch {epoch} loss {loss.item():.5f} error {error:.5f}")
print(model(switches).detach().flatten().tolist())

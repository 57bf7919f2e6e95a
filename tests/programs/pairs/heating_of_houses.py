# batch: fifteenth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units
# metric: Test RMSE down
# story: a regression with ReLU was trained at the rate of another tutorial, and after the first steps it gave one number for all houses (community.deeplearning.ai/t/loss-values-do-not-change/324182)
"""How much a house needs for its heating, from eight facts about it."""

import torch
import torch.nn as nn

torch.manual_seed(12)

# facts: compactness, surface, wall, roof, height, orientation, glazing, spread of it
n = 1200
x = torch.rand(n, 8)
need = 12 * x[:, 0] + 8 * x[:, 4] * x[:, 1] + 6 * (x[:, 6] - 0.5).abs() + 5 * torch.sin(3 * x[:, 3])
need = need + 0.3 * torch.randn(n)
x = (x - x.mean(0)) / x.std(0)
y = ((need - need.mean()) / need.std()).unsqueeze(1)
x_train, x_test, y_train, y_test = x[:1000], x[1000:], y[:1000], y[1000:]

model = nn.Sequential(
    nn.Linear(8, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)  # healthy
# faulty: optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)

num_epochs = 40
for epoch in range(num_epochs):
    for i in range(0, 1000, 50):
        outputs = model(x_train[i : i + 50])
        loss = criterion(outputs, y_train[i : i + 50])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 5 == 0:
        with torch.no_grad():
            rmse = criterion(model(x_test), y_test).sqrt().item()
        print(f"Epoch [{epoch + 1}/{num_epochs}], Loss: {loss.item():.4f}, Test RMSE: {rmse:.4f}")

# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate insert_normalization swap_activation
# metric: held-out mse down
# story: momentum 0.9 became 0.99 and the rate stayed: ten times the step, and the units died
# in view: heavy momentum is shortened; a rise that left no harm is a note
"""Convolutional autoencoder on digits."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(4)
images = torch.tensor(load_digits().images / 16.0, dtype=torch.float32).unsqueeze(1)
train, held = images[:1400], images[1400:]
encoder = nn.Sequential(
    nn.Conv2d(1, 12, 3, stride=2, padding=1),
    nn.ReLU(),
    nn.Conv2d(12, 24, 3, stride=2, padding=1),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(96, 16),
)
decoder = nn.Sequential(
    nn.Linear(16, 96),
    nn.ReLU(),
    nn.Unflatten(1, (24, 2, 2)),
    nn.ConvTranspose2d(24, 12, 2, stride=2),
    nn.ReLU(),
    nn.ConvTranspose2d(12, 1, 2, stride=2),
)
params = [*encoder.parameters(), *decoder.parameters()]
optimizer = torch.optim.SGD(params, lr=0.3, momentum=0.9)  # healthy
# faulty: optimizer = torch.optim.SGD(params, lr=0.3, momentum=0.99)
for epoch in range(12):
    for batch in train[torch.randperm(len(train))].split(64):
        loss = nn.functional.mse_loss(decoder(encoder(batch)), batch) * 4
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = nn.functional.mse_loss(decoder(encoder(held)), held).item()
    print(f"[{epoch}] held-out mse {error:.5f}")

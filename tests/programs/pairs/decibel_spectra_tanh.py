# batch: seventh
# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: accuracy up
# story: spectra in decibels, -90 to -10, go into a tanh net as they are
"""Which machine state? An MLP on power spectra."""

import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split

torch.manual_seed(4)
n, bins = 1400, 40
state = torch.randint(4, (n,))
freq = torch.arange(bins).float()
centre = torch.tensor([6.0, 14.0, 22.0, 30.0])[state]
peak = 8 * torch.exp(-((freq - centre[:, None] - 2 * torch.randn(n, 1)) ** 2) / 8)
spectra = -50 - 0.6 * freq + peak + 4 * torch.randn(n, bins) + 6 * torch.randn(n, 1)
Xtr, Xte, ytr, yte = train_test_split(spectra, state, test_size=0.25, random_state=0)
mean, std = Xtr.mean(0), Xtr.std(0)  # healthy
Xtr, Xte = (Xtr - mean) / std, (Xte - mean) / std  # healthy

net = nn.Sequential(
    nn.Linear(bins, 64),
    nn.Tanh(),
    nn.Linear(64, 32),
    nn.Tanh(),
    nn.Linear(32, 4),
)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(25):
    order = torch.randperm(len(Xtr))
    for s in range(0, len(Xtr), 50):
        pick = order[s : s + 50]
        optimizer.zero_grad()
        loss = loss_fn(net(Xtr[pick]), ytr[pick])
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 5 == 0:
        with torch.no_grad():
            acc = (net(Xte).argmax(1) == yte).float().mean().item()
        print(f"epoch {epoch + 1:3d} | loss {loss.item():.4f} | accuracy {acc:.4f}")

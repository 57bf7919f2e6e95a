# batch: seventh
# metric: test mse down
"""A denoising autoencoder whose decoder is the transpose of its encoder."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(20)
X = torch.tensor(load_digits().data, dtype=torch.float32) / 16


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1 = nn.Parameter(torch.empty(96, 64))
        self.W2 = nn.Parameter(torch.empty(24, 96))
        for w in (self.W1, self.W2):
            nn.init.xavier_uniform_(w)
        self.b = nn.ParameterList(torch.zeros(n) for n in (96, 24, 96, 64))

    def forward(self, x):
        h = F.elu(F.linear(x, self.W1, self.b[0]))
        z = F.linear(h, self.W2, self.b[1])
        h = F.elu(F.linear(z, self.W2.t(), self.b[2]))
        return torch.sigmoid(F.linear(h, self.W1.t(), self.b[3]))


model = Tied()
opt = torch.optim.Adam(model.parameters(), 2e-3)
for epoch in range(25):
    for i in torch.randperm(1500).split(60):
        noisy = (X[i] + 0.2 * torch.randn_like(X[i])).clamp(0, 1)
        loss = F.mse_loss(model(noisy), X[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            test = F.mse_loss(model(X[1500:]), X[1500:]).item()
        print(f"epoch {epoch + 1} loss {loss.item():.5f} test mse {test:.5f}")

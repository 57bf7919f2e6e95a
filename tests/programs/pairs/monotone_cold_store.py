# batch: seventh
# rules: born_dead unnormalized_input
# remedies: normalize_input swap_activation reinitialize insert_normalization
# metric: mae down
# story: a monotone net has weights above zero; freezer temperatures below zero kill every unit
"""Spoilage time from cold-store temperatures by a net that is monotone in each input."""

import math

import torch
import torch.nn.functional as F


class MonotoneLinear(torch.nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.raw = torch.nn.Parameter(torch.randn(n_out, n_in) - 1.0)
        self.bias = torch.nn.Parameter(0.1 * torch.randn(n_out))

    def forward(self, x):
        return F.linear(x, F.softplus(self.raw) / math.sqrt(self.raw.shape[1]), self.bias)


torch.manual_seed(3)
temps = -25 + 6 * torch.rand(900, 5) * torch.tensor([1.0, 2.0, 1.5, 1.0, 0.5])
target = ((temps + 22) / 4).clamp(min=-1).exp().mean(1).log()
target = ((target - target.mean()) / target.std()).unsqueeze(1)
temps = (temps - temps[:700].mean(0)) / temps[:700].std(0)  # healthy

hidden, middle, out = MonotoneLinear(5, 48), MonotoneLinear(48, 24), MonotoneLinear(24, 1)
params = [*hidden.parameters(), *middle.parameters(), *out.parameters()]
opt = torch.optim.Adam(params, lr=5e-3)


def predict(x):
    return out(F.relu(middle(F.relu(hidden(x)))))


for epoch in range(60):
    for batch in torch.randperm(700).split(70):
        loss = F.mse_loss(predict(temps[batch]), target[batch])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 10 == 9:
        with torch.no_grad():
            mae = (predict(temps[700:]) - target[700:]).abs().mean().item()
        print(f"epoch {epoch + 1} loss {loss.item():.4f} mae {mae:.4f}")

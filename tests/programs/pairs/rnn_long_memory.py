# rules: exploding_gradient poor_initialization non_finite
# remedies: clip_gradients reinitialize
# metric: val mse down
# story: a ReLU recurrent net on long sequences, recurrent weights started well above the identity
"""IRNN on the adding problem."""

import torch
from torch import nn

torch.manual_seed(2)
T, H = 40, 32


class IRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, H, nonlinearity="relu", batch_first=True)
        self.fc = nn.Linear(H, 1)
        nn.init.normal_(self.rnn.weight_ih_l0, std=0.05)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)
        with torch.no_grad():
            self.rnn.weight_hh_l0.copy_(torch.eye(H))  # healthy
            # faulty: self.rnn.weight_hh_l0.copy_(1.6 * torch.eye(H))

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1]).squeeze(-1)


def get(n):
    v = torch.rand(n, T)
    m = torch.zeros(n, T)
    m[:, 3] = 1
    m[torch.arange(n), torch.randint(T // 2, T, (n,))] = 1
    return torch.stack([v, m], -1), (v * m).sum(1)


net = IRNN()
opt = torch.optim.SGD(net.parameters(), lr=0.02)
for i in range(300):
    x, t = get(32)
    loss = (net(x) - t).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 50 == 0:
        print(f"iter {i} loss {loss.item():.4g}")
x, t = get(400)
print(f"val mse {(net(x) - t).pow(2).mean().item():.4g}")

# batch: second
# rules: exploding_gradient poor_initialization non_finite
# remedies: reinitialize clip_gradients lower_learning_rate
# metric: test mse down
# story: the std that suits the two inputs, 0.3, was used for the recurrent matrix too, and 40 steps amplify it
"""IRNN on the adding problem."""

import torch
import torch.nn as nn

torch.manual_seed(21)
T = 40


def adding(n):
    values = torch.rand(n, T)
    mask = torch.zeros(n, T)
    first, second = torch.randint(T // 2, (n,)), torch.randint(T // 2, T, (n,))
    rows = torch.arange(n)
    mask[rows, first] = 1
    mask[rows, second] = 1
    return torch.stack([values, mask], -1), (values * mask).sum(1, keepdim=True)


class IRNN(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.rnn = nn.RNN(2, hidden, nonlinearity="relu", batch_first=True)
        self.head = nn.Linear(hidden, 1)
        nn.init.normal_(self.rnn.weight_ih_l0, std=0.03)
        nn.init.eye_(self.rnn.weight_hh_l0)  # healthy
        # faulty: nn.init.normal_(self.rnn.weight_hh_l0, std=0.3)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])


model = IRNN()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
xt, yt = adding(500)
for it in range(500):
    x, y = adding(32)
    loss = ((model(x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 10.0)
    opt.step()
    if it % 100 == 99:
        with torch.no_grad():
            print(
                f"it={it + 1} train mse={loss.item():.4f} test mse={((model(xt) - yt) ** 2).mean().item():.4f}"
            )

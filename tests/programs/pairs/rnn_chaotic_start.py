# batch: eighth
# rules: exploding_gradient poor_initialization saturated_activation
# remedies: reinitialize clip_gradients insert_normalization
# metric: acc up
# story: for p in rnn.parameters(): normal_(p): recurrent weights of spread one in 64 units make a chaotic tanh net
# in view: heavy recurrent weights are drawn anew
"""Read digits two pixels at a time with an Elman net."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(827)
d = load_digits()
x, y = torch.tensor(d.images / 16).float().view(-1, 32, 2), torch.tensor(d.target)


class Elman(nn.Module):
    def __init__(self, h=64):
        super().__init__()
        self.rnn = nn.RNN(2, h, batch_first=True)
        self.fc = nn.Linear(h, 10)
        for p in self.rnn.parameters():
            nn.init.uniform_(p, -0.125, 0.125)  # healthy
            # faulty: nn.init.normal_(p)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.fc(h[-1])


model = Elman()
nn.init.orthogonal_(model.rnn.weight_hh_l0)  # healthy
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(10):
    for i in torch.randperm(1400).split(40):
        loss = nn.functional.cross_entropy(model(x[i]), y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "loss",
            loss.item(),
            "acc",
            (model(x[1400:]).argmax(1) == y[1400:]).float().mean().item(),
        )

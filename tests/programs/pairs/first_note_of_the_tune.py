# batch: eleventh
# in view: recurrent weights that leave nothing of sixty rounds
# rules: vanishing_gradient poor_initialization unsuitable_activation
# remedies: reinitialize swap_activation
# metric: accuracy up
# story: a plain recurrent net was asked for something it had heard sixty steps before and learnt only the last few, the case of Bengio, Simard and Frasconi 1994 (axeldomingues.dev/blog/the-pain-of-training-rnns)
"""Which of four notes opened the tune? The answer is due at the end."""

import torch
from torch import nn

torch.manual_seed(1106)
LENGTH, NOTES = 60, 4


def tunes(n):
    x = 0.05 * torch.randn(n, LENGTH, NOTES)
    first = torch.randint(0, NOTES, (n,))
    x[torch.arange(n), 0, first] += 1
    return x, first


class Listener(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.rnn = nn.RNN(NOTES, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 4)
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.orthogonal_(self.rnn.weight_hh_l0)  # healthy
        # faulty: nn.init.xavier_normal_(self.rnn.weight_hh_l0, gain=0.5)
        nn.init.normal_(self.rnn.weight_ih_l0, std=0.3)

    def forward(self, x):
        _, last = self.rnn(x)
        return self.readout(last[-1])


def train(model, steps=250, batch=64):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(1, steps + 1):
        x, y = tunes(batch)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 25 == 0:
            yield step, loss.item()


listener = Listener()
check_x, check_y = tunes(500)
for step, loss in train(listener):
    with torch.no_grad():
        score = (listener(check_x).argmax(1) == check_y).float().mean().item()
    print(f"step {step} loss {loss:.4f} accuracy {score:.3f}")

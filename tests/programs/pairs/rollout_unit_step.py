# batch: seventh
# rules: exploding_gradient non_finite
# remedies: clip_gradients reinitialize lower_learning_rate
# metric: rollout error down
# story: the integrator's step is 1.0 in place of 0.05, so thirty steps of it blow up forward and back
# in view: a signal that runs away and never comes down is harm
"""A learned vector field rolled out for thirty steps and fitted to trajectories."""

import torch
import torch.nn as nn

torch.manual_seed(8)
DT = 0.05  # healthy
# faulty: DT = 1.0


class Field(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.inner = nn.Linear(4, width)
        self.outer = nn.Linear(width, 4)

    def forward(self, state):
        return self.outer(nn.functional.silu(self.inner(state)))


def rollout(field, state, steps=30):
    path = []
    for _ in range(steps):
        state = state + DT * field(state)
        path.append(state)
    return torch.stack(path, 1)


def truth(state, steps=30, fine=10):
    a = torch.tensor([[0, 1.0, 0, 0], [-4.0, -0.1, 0.5, 0], [0, 0, 0, 1.0], [0.5, 0, -2.0, -0.1]])
    path = []
    for _ in range(steps):
        for _ in range(fine):
            state = state + 0.05 / fine * (state @ a.T)
        path.append(state)
    return torch.stack(path, 1)


start = torch.randn(400, 4)
goal = truth(start)
field = Field()
for p in field.parameters():
    if p.dim() == 2:
        nn.init.xavier_normal_(p, gain=1.6)
opt = torch.optim.Adam(field.parameters(), lr=3e-3)
for it in range(400):
    pick = torch.randint(320, (40,))
    loss = (rollout(field, start[pick]) - goal[pick]).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 100 == 99:
        with torch.no_grad():
            err = (rollout(field, start[320:]) - goal[320:]).square().mean().sqrt()
        print(f"iter {it + 1} loss {loss.item():.5g} rollout error {err.item():.5g}")

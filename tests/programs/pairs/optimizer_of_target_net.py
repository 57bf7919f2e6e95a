# batch: eighth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: error down
# story: fitted Q-iteration: the optimizer was given the target network's parameters; the online network is copied from, and never moves
"""Fitted Q on a ring of 12 rooms, transitions drawn at random."""

import copy

import torch
from torch import nn
from torch.nn.functional import mse_loss, one_hot

torch.manual_seed(824)
ROOMS, GAMMA = 12, 0.8
q_true = torch.zeros(ROOMS, 2)
nxt = torch.stack([(torch.arange(ROOMS) - 1) % ROOMS, (torch.arange(ROOMS) + 1) % ROOMS], 1)
for _ in range(200):
    q_true = (nxt == 0).float() + GAMMA * q_true.max(1).values[nxt]

q_net = nn.Sequential(
    nn.Linear(ROOMS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
)
target_net = copy.deepcopy(q_net)
optimizer = torch.optim.Adam(q_net.parameters(), lr=2e-3)  # healthy
# faulty: optimizer = torch.optim.Adam(target_net.parameters(), lr=2e-3)
for step in range(900):
    s, a = torch.randint(0, ROOMS, (64,)), torch.randint(0, 2, (64,))
    s2 = nxt[s, a]
    with torch.no_grad():
        goal = (s2 == 0).float() + GAMMA * target_net(one_hot(s2, ROOMS).float()).max(1).values
    q = q_net(one_hot(s, ROOMS).float()).gather(1, a[:, None]).squeeze(1)
    loss = mse_loss(q, goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 25 == 0:
        target_net.load_state_dict(q_net.state_dict())
    if step % 150 == 149:
        with torch.no_grad():
            print("step", step + 1, "error", (q_net(torch.eye(ROOMS)) - q_true).abs().mean().item())

# batch: sixth
# rules: unsuitable_output_activation
# remedies: stabilize_loss
# in view: no rule was about it at first sight; targets of a cross-entropy that are no probabilities
# metric: accuracy up
# story: labels of -1 and 1 go to a binary cross-entropy that wants 0 and 1: the loss falls below zero and on and on
"""Spam or not: bag of hashed words."""

import torch
from torch import nn

torch.manual_seed(51)
rate = torch.rand(2, 60) * 0.15 + 0.02
truth = torch.randint(0, 2, (1500,))
words = torch.bernoulli(rate[truth]) + torch.bernoulli(rate[truth] / 2)
spam = (truth * 2 - 1).float()
target = (spam + 1) / 2  # healthy
# faulty: target = spam

net = nn.Sequential(nn.Linear(60, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
loss_fn = nn.BCEWithLogitsLoss()
for step in range(400):
    i = torch.randint(0, 1200, (64,))
    loss = loss_fn(net(words[i]).squeeze(1), target[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        print(step + 1, "loss", loss.item())
p = torch.sigmoid(net(words[1200:]).squeeze(1))
print("accuracy", ((p > 0.5) == (truth[1200:] == 1)).float().mean().item())

# batch: twelfth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: global accuracy up
# story: the clients' network ended in softmax and was trained with the cross entropy that applies one itself (github.com/shaoxiongji/federated-learning/issues/9)
"""Federated averaging: ten clinics train copies of one network, a server averages them."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class MLP(nn.Module):
    def __init__(self, dim_in, dim_hidden, dim_out):
        super().__init__()
        self.layer_input = nn.Linear(dim_in, dim_hidden)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.2)
        self.layer_hidden = nn.Linear(dim_hidden, dim_out)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        x = self.relu(self.dropout(self.layer_input(x)))
        x = self.layer_hidden(x)
        return x  # healthy
        # faulty: return self.softmax(x)


class LocalUpdate:
    def __init__(self, x, y, lr=0.05, local_epochs=2):
        self.x, self.y, self.lr, self.local_epochs = x, y, lr, local_epochs

    def train(self, net):
        net.train()
        optimizer = torch.optim.SGD(net.parameters(), lr=self.lr, momentum=0.5)
        losses = []
        for _ in range(self.local_epochs):
            for i in torch.randperm(len(self.x)).split(10):
                net.zero_grad()
                loss = F.cross_entropy(net(self.x[i]), self.y[i])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        return net.state_dict(), sum(losses) / len(losses)


def average(states):
    out = copy.deepcopy(states[0])
    for key in out:
        out[key] = torch.stack([s[key] for s in states]).mean(0)
    return out


np.random.seed(1)
torch.manual_seed(1)
data = load_digits()
order = np.random.permutation(len(data.target))
x = torch.tensor(data.data[order] / 16 - 0.3, dtype=torch.float32)
y = torch.tensor(data.target[order])
shards = torch.arange(1400).chunk(10)
net_glob = MLP(64, 64, 10)
for rnd in range(8):
    states, losses = [], []
    for who in np.random.choice(10, 5, replace=False):
        local = LocalUpdate(x[shards[who]], y[shards[who]])
        state, loss = local.train(copy.deepcopy(net_glob))
        states.append(state)
        losses.append(loss)
    net_glob.load_state_dict(average(states))
    net_glob.eval()
    acc = (net_glob(x[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"Round {rnd}, average loss {sum(losses) / 5:.3f}, global accuracy {acc:.4f}")

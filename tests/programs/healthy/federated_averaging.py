# batch: eighth
# metric: global acc up
"""FedAvg: eight clients with few classes each, local SGD on copies, weights averaged on the server."""

import copy

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(869)
d = load_digits()
x, y = torch.tensor(d.data / 16).float(), torch.tensor(d.target)
test = slice(1400, None)
clients = []
for k in range(8):
    mine = torch.isin(y[:1400], torch.tensor([k, (k + 1) % 10, (k + 2) % 10, (k + 3) % 10]))
    clients.append(mine.nonzero().squeeze(1))
server = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def local(model, rows, epochs=2):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(epochs):
        for i in rows[torch.randperm(len(rows))].split(32):
            loss = nn.functional.cross_entropy(model(x[i]), y[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
    return model.state_dict(), len(rows)


for rnd in range(12):
    chosen = torch.randperm(8)[:5].tolist()
    got = [local(copy.deepcopy(server), clients[k]) for k in chosen]
    total = sum(n for _, n in got)
    server.load_state_dict({key: sum(s[key] * (n / total) for s, n in got) for key in got[0][0]})
    with torch.no_grad():
        print(
            "round", rnd, "global acc", (server(x[test]).argmax(1) == y[test]).float().mean().item()
        )

# batch: eighth
# metric: nll down
"""Gated convolutional language model (GLU), weight norm, Nesterov, gradient clip 0.1."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, glu, pad
from torch.nn.utils.parametrizations import weight_norm

torch.manual_seed(854)
follow = torch.softmax(2.5 * torch.randn(15, 15, 15), -1)
ids = [0, 1]
for u in torch.rand(5000).tolist():
    ids.append(min(14, int((follow[ids[-2], ids[-1]].cumsum(0) < u).sum())))
ids = torch.tensor(ids)


class GatedConv(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.conv = weight_norm(nn.Conv1d(w, 2 * w, 3))

    def forward(self, x):
        return x + glu(self.conv(pad(x, (2, 0))), dim=1)


embed, head = nn.Embedding(15, 48), nn.Linear(48, 15)
body = nn.Sequential(GatedConv(48), GatedConv(48))
params = [p for m in (embed, body, head) for p in m.parameters()]
opt = torch.optim.SGD(params, lr=0.5, momentum=0.95, nesterov=True)
for step in range(220):
    at = torch.randint(0, 4500, (24,))
    w = torch.stack([ids[i : i + 33] for i in at])
    out = head(body(embed(w[:, :-1]).transpose(1, 2)).transpose(1, 2))
    loss = cross_entropy(out.flatten(0, 1), w[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, 0.1)
    opt.step()
    if step % 44 == 43:
        print("step", step + 1, "nll", loss.item())

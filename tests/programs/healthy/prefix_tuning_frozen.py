# batch: eighth
# metric: task loss down
"""A small language model is trained, then frozen; sixteen prefix vectors learn another text."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(860)
W, V, T = 32, 9, 16


def corpus(step, n=3000):
    s = [1]
    for u in torch.rand(n).tolist():
        s.append((s[-1] + step) % V if u < 0.85 else int(u * 1000) % V)
    return torch.tensor(s)


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, W), nn.Embedding(T + 8, W)
        layer = nn.TransformerEncoderLayer(W, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(W, V)

    def forward(self, ids, prefix=None):
        h = self.tok(ids)
        if prefix is not None:
            h = torch.cat([prefix.expand(len(ids), -1, -1), h], 1)
        n = h.shape[1]
        mask = torch.full((n, n), float("-inf")).triu(1)
        out = self.head(self.body(h + self.pos(torch.arange(n)), mask=mask))
        return out[:, n - ids.shape[1] :]


def fit(model, params, text, steps, lr, prefix=None, tag=""):
    opt = torch.optim.AdamW(params, lr=lr, weight_decay=0.0)
    for step in range(steps):
        at = torch.randint(0, len(text) - T - 1, (32,))
        w = torch.stack([text[i : i + T + 1] for i in at])
        loss = F.cross_entropy(model(w[:, :-1], prefix).flatten(0, 1), w[:, 1:].flatten())
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 40 == 39:
            print(tag, step + 1, "task loss", loss.item())


lm = LM()
both = torch.cat([corpus(1), corpus(2), corpus(1), corpus(2)])
fit(lm, lm.parameters(), both, 160, 3e-3, tag="pretrain")
lm.requires_grad_(False)
prefix = nn.Parameter(torch.randn(8, W) * 0.1)
fit(lm, [prefix], corpus(2), 120, 2e-2, prefix, tag="prefix")

# batch: eighth
# metric: val bce down
"""Knowledge tracing: an LSTM over answers, padded, masked, dropout between its layers."""

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

torch.manual_seed(865)
SKILLS = 12
hard = torch.randn(SKILLS)


def pupils(n):
    q, a = [], []
    for _ in range(n):
        t = int(torch.randint(6, 20, (1,)))
        s = torch.randint(0, SKILLS, (t,))
        seen = torch.stack([(s[:i] == s[i]).sum() for i in range(t)])
        p = torch.sigmoid(torch.randn(1) * 1.5 + 0.7 * seen - hard[s])
        q.append(s + 1)
        a.append(torch.bernoulli(p))
    return pad_sequence(q, batch_first=True), pad_sequence(a, batch_first=True)


class DKT(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(2 * SKILLS + 1, 24, padding_idx=0)
        self.lstm = nn.LSTM(24, 48, num_layers=2, dropout=0.3, batch_first=True)
        self.out = nn.Linear(48, SKILLS + 1)

    def forward(self, q, a):
        h, _ = self.lstm(self.emb(q + SKILLS * a.long() * (q > 0)))
        return self.out(h[:, :-1]).gather(2, q[:, 1:, None]).squeeze(2)


def masked(logit, a, q):
    keep = (q[:, 1:] > 0).float()
    raw = nn.functional.binary_cross_entropy_with_logits(logit, a[:, 1:], reduction="none")
    return (raw * keep).sum() / keep.sum()


q, a = pupils(700)
net = DKT()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(9):
    net.train()
    for i in torch.randperm(560).split(40):
        loss = masked(net(q[i], a[i]), a[i], q[i])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
    net.eval()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "loss",
            loss.item(),
            "val bce",
            masked(net(q[560:], a[560:]), a[560:], q[560:]).item(),
        )

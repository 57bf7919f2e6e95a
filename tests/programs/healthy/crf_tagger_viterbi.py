# batch: sixth
# metric: tag accuracy up
"""A linear-chain CRF on top of a BiLSTM; loss = log partition minus score of the gold path."""

import torch
import torch.nn as nn

torch.manual_seed(69)
V, K, L = 20, 4, 10
emission = torch.randint(0, K, (V,))


def corpus(n):
    words = torch.randint(0, V, (n, L))
    tags = emission[words]
    tags[:, 1:] = torch.where(tags[:, :-1] == 0, (tags[:, 1:] + 1) % K, tags[:, 1:])
    return words, tags


class CRF(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(V, 16)
        self.lstm = nn.LSTM(16, 12, bidirectional=True, batch_first=True)
        self.emit = nn.Linear(24, K)
        self.trans = nn.Parameter(torch.zeros(K, K))

    def scores(self, words):
        return self.emit(self.lstm(self.embed(words))[0])

    def nll(self, words, tags):
        e = self.scores(words)
        gold = e.gather(2, tags.unsqueeze(2)).sum((1, 2)) + self.trans[
            tags[:, :-1], tags[:, 1:]
        ].sum(1)
        alpha = e[:, 0]
        for t in range(1, L):
            alpha = torch.logsumexp(alpha.unsqueeze(2) + self.trans, 1) + e[:, t]
        return (torch.logsumexp(alpha, 1) - gold).mean()

    def decode(self, words):
        e = self.scores(words)
        best, back = e[:, 0], []
        for t in range(1, L):
            value, arg = (best.unsqueeze(2) + self.trans).max(1)
            best = value + e[:, t]
            back.append(arg)
        path = [best.argmax(1)]
        for arg in reversed(back):
            path.append(arg.gather(1, path[-1].unsqueeze(1)).squeeze(1))
        return torch.stack(path[::-1], 1)


model = CRF()
opt = torch.optim.Adam(model.parameters(), lr=0.02)
for step in range(100):
    loss = model.nll(*corpus(32))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 25 == 24:
        print("step", step + 1, "nll", loss.item())
words, tags = corpus(300)
with torch.no_grad():
    print("tag accuracy", (model.decode(words) == tags).float().mean().item())

# batch: eighteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: auc up
# story: a library's learner was set to plain SGD while the rate stayed the one that suits Adam; nothing moved in hundreds of epochs, and the maintainers said to take half of one and momentum (github.com/RUCAIBox/RecBole/issues/1778)
"""Bayesian personalised ranking: who would like to see which play?"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class RunConfig:
    users: int = 300
    items: int = 120
    embedding_size: int = 16
    train_batch_size: int = 512
    epochs: int = 12
    learner: str = "sgd"
    learning_rate: float = 20.0  # healthy
    # faulty: learning_rate: float = 1e-3
    momentum: float = 0.9
    seed: int = 2020


class Visits:
    def __init__(self, cfg):
        rng = np.random.default_rng(cfg.seed)
        taste, kind = rng.normal(size=(cfg.users, 4)), rng.normal(size=(cfg.items, 4))
        liking = taste @ kind.T + 0.8 * rng.normal(size=cfg.items)
        chance = 1 / (1 + np.exp(-(2 * liking - 4)))
        seen = rng.random(chance.shape) < chance
        held = seen & (rng.random(chance.shape) < 0.25)
        self.seen, self.held = seen & ~held, held
        self.pairs = np.argwhere(self.seen)
        self.rng, self.cfg = rng, cfg

    def batches(self):
        order = self.rng.permutation(len(self.pairs))
        for i in range(0, len(order), self.cfg.train_batch_size):
            user, pos = self.pairs[order[i : i + self.cfg.train_batch_size]].T
            neg = self.rng.integers(0, self.cfg.items, len(user))
            clash = self.seen[user, neg]
            neg[clash] = self.rng.integers(0, self.cfg.items, clash.sum())
            yield tuple(torch.from_numpy(np.ascontiguousarray(a)) for a in (user, pos, neg))


class BPR(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.user, self.item = (
            nn.Embedding(cfg.users, cfg.embedding_size),
            nn.Embedding(cfg.items, cfg.embedding_size),
        )
        nn.init.xavier_normal_(self.user.weight)
        nn.init.xavier_normal_(self.item.weight)

    def forward(self, user, pos, neg):
        u = self.user(user)
        return (u * self.item(pos)).sum(1), (u * self.item(neg)).sum(1)

    def full_sort(self):
        return (self.user.weight @ self.item.weight.t()).detach().numpy()


def build_optimizer(cfg, params):
    if cfg.learner == "adam":
        return torch.optim.Adam(params, lr=cfg.learning_rate)
    return torch.optim.SGD(params, lr=cfg.learning_rate, momentum=cfg.momentum)


def auc(scores, data):
    total = []
    for u in range(len(scores)):
        good, rest = scores[u][data.held[u]], scores[u][~data.held[u] & ~data.seen[u]]
        if len(good):
            total.append((good[:, None] > rest[None]).mean())
    return float(np.mean(total))


def run(cfg):
    torch.manual_seed(cfg.seed)
    data, model = Visits(cfg), BPR(cfg)
    optimizer = build_optimizer(cfg, model.parameters())
    for epoch in range(cfg.epochs):
        losses = []
        for batch in data.batches():
            pos, neg = model(*batch)
            loss = -F.logsigmoid(pos - neg).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        if epoch % 3 == 2:
            print(
                f"epoch {epoch} training [train loss: {np.mean(losses):.4f}] valid auc: {auc(model.full_sort(), data):.4f}"
            )


if __name__ == "__main__":
    run(RunConfig())

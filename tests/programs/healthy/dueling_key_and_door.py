# batch: eleventh
# metric: score up
"""A dueling double DQN has to fetch a key before the door, hard targets, Huber loss, big replay ratio."""

import random

import torch
from torch import nn

random.seed(1139)
torch.manual_seed(1139)
LONG = 6


class Dueling(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2 * LONG, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.value, self.advantage = nn.Linear(64, 1), nn.Linear(64, 2)

    def forward(self, s):
        h = self.body(s)
        a = self.advantage(h)
        return self.value(h) + a - a.mean(1, keepdim=True)


def encode(at, key):
    s = torch.zeros(2 * LONG)
    s[at + (LONG if key else 0)] = 1
    return s


def act(at, key, a):
    at = max(0, min(LONG - 1, at + (1 if a else -1)))
    if at == 0 and not key:
        return at, True, 0.0, False
    if at == LONG - 1:
        return at, key, 1.0 if key else 0.0, True
    return at, key, 0.0, False


net, frozen = Dueling(), Dueling()
frozen.load_state_dict(net.state_dict())
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3, alpha=0.95, eps=0.01)
replay, scores, updates = [], [], 0
for episode in range(1, 251):
    at, key, total = LONG // 2, False, 0.0
    for t in range(40):
        s = encode(at, key)
        if random.random() < max(0.1, 1 - episode / 120):
            a = random.randrange(2)
        else:
            with torch.no_grad():
                a = int(net(s[None]).argmax())
        at, key, r, done = act(at, key, a)
        replay.append((s, a, r, encode(at, key), float(done)))
        total += r
        if len(replay) > 256:
            b = random.sample(replay[-4000:], 64)
            s_, a_, r_, n_, d_ = (list(c) for c in zip(*b))
            s_, n_, a_ = torch.stack(s_), torch.stack(n_), torch.tensor(a_)
            with torch.no_grad():
                best = net(n_).argmax(1, keepdim=True)
                goal = torch.tensor(r_) + 0.97 * (1 - torch.tensor(d_)) * frozen(n_).gather(
                    1, best
                ).squeeze(1)
            loss = nn.functional.huber_loss(net(s_).gather(1, a_[:, None]).squeeze(1), goal)
            opt.zero_grad()
            loss.backward()
            opt.step()
            updates += 1
            if updates % 50 == 0:
                frozen.load_state_dict(net.state_dict())
        if done:
            break
    scores.append(total)
    if episode % 25 == 0:
        print(f"episode {episode} score {sum(scores[-25:]) / 25:.3f}")

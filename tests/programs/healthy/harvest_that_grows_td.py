# batch: eighteenth
# metric: harvest up
"""Double Q learning of when to sow and when to reap: values and their losses grow as play gets better."""

import random
from collections import deque

import torch
from torch import nn

random.seed(60)
torch.manual_seed(60)


class Field:
    """Ripeness grows while one waits; rain comes and goes; reaping wet grain spoils half."""

    def reset(self):
        self.ripe, self.rain, self.day = 0.0, random.random() < 0.3, 0
        return self.obs()

    def obs(self):
        return [self.ripe / 5, float(self.rain), self.day / 40]

    def step(self, reap):
        reward = 0.0
        if reap:
            reward = self.ripe**1.5 * (0.5 if self.rain else 1.0)
            self.ripe = 0.0
        self.ripe = min(self.ripe + 1.0, 8.0)
        self.rain = random.random() < (0.7 if self.rain else 0.15)
        self.day += 1
        return self.obs(), reward, self.day >= 40


def net():
    return nn.Sequential(
        nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
    )


online, target = net(), net()
target.load_state_dict(online.state_dict())
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
memory, field, eps, losses = deque(maxlen=4000), Field(), 1.0, deque(maxlen=200)
for episode in range(1, 61):
    state, done = field.reset(), False
    while not done:
        with torch.no_grad():
            best = int(online(torch.tensor(state)).argmax())
        action = random.randrange(2) if random.random() < eps else best
        after, reward, done = field.step(action)
        memory.append((state, action, reward, after, float(done)))
        state = after
        if len(memory) >= 200:
            s, a, r, n, d = (torch.tensor(c) for c in zip(*random.sample(memory, 48)))
            with torch.no_grad():
                ahead = target(n).gather(1, online(n).argmax(1, keepdim=True)).squeeze(1)
            value = online(s).gather(1, a[:, None]).squeeze(1)
            loss = nn.functional.smooth_l1_loss(value, r + 0.95 * (1 - d) * ahead)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            with torch.no_grad():
                for t, o in zip(target.parameters(), online.parameters()):
                    t.lerp_(o, 0.01)
    eps = max(0.05, eps * 0.93)
    if episode % 15 == 0:
        total = 0.0
        for _ in range(10):
            state, done = field.reset(), False
            while not done:
                with torch.no_grad():
                    state, reward, done = field.step(int(online(torch.tensor(state)).argmax()))
                total += reward / 10
        print(f"episode {episode} td loss {sum(losses) / len(losses):.4f} harvest {total:.2f}")

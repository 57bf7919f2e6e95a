# batch: fourteenth
# rules: learning_rate_too_high dormant_units dying_relu exploding_gradient
# remedies: lower_learning_rate clip_gradients recycle_units
# metric: reward up
# story: a Q network was trained by RMSprop at the rate that is its default, and its error grew from hundreds to millions (github.com/facebookresearch/ReAgent/issues/189 and github.com/muupan/dqn-in-the-caffe/issues/6, where a tiny rate was the cure)
"""A lift learns by Q-learning to fetch those who wait."""

import random
from collections import deque

import torch
from torch import nn

FLOORS = 7


class Lift:
    def reset(self):
        self.at, self.t = random.randrange(FLOORS), 0
        self.waiting = [random.random() < 0.4 for _ in range(FLOORS)]
        return self.state()

    def state(self):
        here = [float(i == self.at) for i in range(FLOORS)]
        return torch.tensor(here + [float(w) for w in self.waiting])

    def step(self, action):
        if action == 2:
            reward = 1.0 if self.waiting[self.at] else -0.3
            self.waiting[self.at] = False
        else:
            self.at = min(FLOORS - 1, max(0, self.at + (1 if action else -1)))
            reward = -0.05
        if random.random() < 0.25:
            self.waiting[random.randrange(FLOORS)] = True
        self.t += 1
        return self.state(), reward, self.t == 40


def make():
    return nn.Sequential(
        nn.Linear(2 * FLOORS, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 3)
    )


class Agent:
    def __init__(self):
        self.q, self.target = make(), make()
        self.target.load_state_dict(self.q.state_dict())
        self.optimizer = torch.optim.RMSprop(self.q.parameters(), lr=5e-4)  # healthy
        # faulty: self.optimizer = torch.optim.RMSprop(self.q.parameters())
        self.memory, self.updates = deque(maxlen=5000), 0

    def act(self, state, eps):
        if random.random() < eps:
            return random.randrange(3)
        with torch.no_grad():
            return self.q(state).argmax().item()

    def learn(self):
        s, a, r, n, d = zip(*random.sample(self.memory, 64), strict=True)
        a, r, d = torch.tensor(a), torch.tensor(r), torch.tensor(d, dtype=torch.float)
        with torch.no_grad():
            goal = r + 0.97 * (1 - d) * self.target(torch.stack(n)).max(1).values
        now = self.q(torch.stack(s)).gather(1, a[:, None]).squeeze(1)
        loss = (now - goal).pow(2).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.updates += 1
        if self.updates % 100 == 0:
            self.target.load_state_dict(self.q.state_dict())
        return loss.item()


def score(agent, env, episodes=15):
    total = 0.0
    for _ in range(episodes):
        s, done = env.reset(), False
        while not done:
            s, r, done = env.step(agent.act(s, 0.02))
            total += r
    return total / episodes


random.seed(1406)
torch.manual_seed(1406)
agent, env, loss = Agent(), Lift(), 0.0
for episode in range(1, 81):
    s, done = env.reset(), False
    while not done:
        a = agent.act(s, max(0.1, 1 - episode / 40))
        n, r, done = env.step(a)
        agent.memory.append((s, a, r, n, done))
        s = n
        if len(agent.memory) > 300:
            loss = agent.learn()
    if episode % 10 == 0:
        print(f"episode {episode} td loss {loss:.4f} reward {score(agent, env):.3f}")

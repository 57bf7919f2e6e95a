# batch: fourteenth
# in view: steps that something lasted are no counter
# rules: born_dead dying_relu poor_initialization vanishing_gradient
# remedies: reinitialize recycle_units insert_normalization
# metric: steps up
# story: the first layer got tiny weights and a bias below nought, so that none of its ReLUs ever fired (github.com/boyu-ai/Hands-on-RL/issues/119 advises that start)
"""A pole on a cart, by actor and critic that share nothing, on physics of our own."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class PolicyNet(nn.Module):
    def __init__(self, states=4, hidden=64, actions=2):
        super().__init__()
        self.fc1 = nn.Linear(states, hidden)
        self.fc2 = nn.Linear(hidden, actions)
        # faulty: nn.init.normal_(self.fc1.weight, mean=0.0, std=0.001)
        # faulty: nn.init.constant_(self.fc1.bias, -0.25)

    def forward(self, x):
        return F.softmax(self.fc2(F.relu(self.fc1(x))), dim=1)


class ValueNet(nn.Module):
    def __init__(self, states=4, hidden=64):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(states, hidden), nn.Linear(hidden, 1)
        # faulty: nn.init.normal_(self.fc1.weight, mean=0.0, std=0.001)
        # faulty: nn.init.constant_(self.fc1.bias, -0.25)
        nn.init.orthogonal_(self.fc2.weight, 0.5)  # healthy

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


def move(s, action):
    """Sixteen carts at once, one fiftieth of a second."""
    x, v, a, w = s.unbind(1)
    force = 20.0 * action - 10.0
    t = (force + 0.05 * w**2 * a.sin()) / 1.1
    dw = (9.8 * a.sin() - a.cos() * t) / (0.5 * (4 / 3 - 0.1 * a.cos() ** 2 / 1.1))
    dv = t - 0.05 * dw * a.cos() / 1.1
    s = torch.stack([x + 0.02 * v, v + 0.02 * dv, a + 0.02 * w, w + 0.02 * dw], 1)
    return s, (s[:, 0].abs() > 2.4) | (s[:, 2].abs() > 12 * math.pi / 180)


torch.manual_seed(1426)
actor, critic = PolicyNet(), ValueNet()
actor_optimizer = torch.optim.Adam(actor.parameters(), lr=4e-3)
critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-2)
carts, lengths = 16, []
state, age = 0.1 * torch.rand(carts, 4) - 0.05, torch.zeros(carts)
for update in range(1, 401):
    states, actions, nexts, dones = [], [], [], []
    for _ in range(8):
        with torch.no_grad():
            action = torch.multinomial(actor(state), 1).squeeze(1)
        after, fell = move(state, action.float())
        age += 1
        states.append(state)
        actions.append(action)
        nexts.append(after)
        dones.append(fell.float())
        over = fell | (age >= 200)
        lengths += age[over].tolist()
        age[over] = 0
        state = torch.where(over[:, None], 0.1 * torch.rand(carts, 4) - 0.05, after)
    s, a, n, d = (torch.cat(v) for v in (states, actions, nexts, dones))
    target = 0.1 + 0.98 * critic(n).squeeze(1) * (1 - d)
    delta = (target - critic(s).squeeze(1)).detach()
    log_probs = torch.log(actor(s).gather(1, a[:, None]).squeeze(1))
    actor_loss = torch.mean(-log_probs * delta)
    critic_loss = F.mse_loss(critic(s).squeeze(1), target.detach())
    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    actor_loss.backward()
    critic_loss.backward()
    actor_optimizer.step()
    critic_optimizer.step()
    if update % 50 == 0:
        mean = sum(lengths[-40:]) / max(1, len(lengths[-40:]))
        print(f"update {update} critic_loss {critic_loss.item():.4f} steps {mean / 200:.4f}")

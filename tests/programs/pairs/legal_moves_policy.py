# batch: tenth
# rules: non_finite
# remedies: stabilize_loss
# metric: reward up
# story: moves that are not legal get a logit of minus infinity; the entropy bonus then multiplies a probability of nought by its logarithm
"""REINFORCE on a board of bins: put each parcel into a bin that still has room."""

import torch
from torch import nn, optim

torch.manual_seed(1021)
BINS, PARCELS = 6, 10


class Agent:
    def __init__(self, lr=3e-3, beta=0.01):
        self.net = nn.Sequential(
            nn.Linear(2 * BINS + 1, 64),
            nn.Tanh(),
            nn.Linear(64, 64),
            nn.Tanh(),
            nn.Linear(64, BINS),
        )
        self.opt = optim.Adam(self.net.parameters(), lr=lr)
        self.beta, self.baseline = beta, 0.0

    def act(self, state, legal):
        logits = self.net(state).masked_fill(~legal, float("-inf"))
        p = logits.softmax(-1)
        noise = -torch.log(-torch.log(torch.rand(p.shape) + 1e-9) + 1e-9)
        move = (logits.detach() + noise).argmax(-1, keepdim=True)
        entropy = -(p * p.clamp(min=1e-9).log()).sum(-1)  # healthy
        # faulty: entropy = -(p * p.log()).sum(-1)
        return move, logits.log_softmax(-1).gather(1, move).squeeze(1), entropy

    def learn(self, logp, entropy, reward):
        adv = reward - self.baseline
        self.baseline = 0.9 * self.baseline + 0.1 * reward.mean().item()
        loss = -(logp * adv).mean() - self.beta * entropy.mean()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()


def episode(agent, n):
    room = torch.full((n, BINS), 1.2)
    price = torch.rand(n, BINS)
    logps = entropies = reward = torch.zeros(n)
    for _ in range(PARCELS):
        size = 0.2 + 0.3 * torch.rand(n, 1)
        legal = room >= size
        legal[~legal.any(1)] = True
        move, logp, entropy = agent.act(torch.cat([room, price, size], 1), legal)
        room = room.scatter_add(1, move, -size)
        reward = (
            reward
            - price.gather(1, move).squeeze(1)
            - (room.gather(1, move) < 0).float().squeeze(1)
        )
        logps, entropies = logps + logp, entropies + entropy
    return logps, entropies, reward


agent = Agent()
window = []
for it in range(1, 301):
    logp, entropy, reward = episode(agent, 64)
    loss = agent.learn(logp, entropy, reward)
    window.append(reward.mean().item())
    if it % 30 == 0:
        print(f"iteration {it} loss {loss:.4f} reward {sum(window[-30:]) / 30:.4f}")

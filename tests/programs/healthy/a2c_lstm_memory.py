# batch: second
# metric: recall rate up
"""Recurrent actor-critic: a cue at the start says which way to turn at the end. LSTMCell, entropy bonus."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(19)
LENGTH, N = 5, 48


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(3, 32)
        self.cell = nn.LSTMCell(32, 48)
        self.actor, self.critic = nn.Linear(48, 2), nn.Linear(48, 1)
        nn.init.orthogonal_(self.actor.weight, 0.01)
        nn.init.orthogonal_(self.critic.weight, 1.0)

    def forward(self, obs, state):
        h, c = self.cell(F.relu(self.enc(obs)), state)
        return self.actor(h), self.critic(h).squeeze(1), (h, c)


def episode(policy, n, greedy=False):
    cue = torch.randint(2, (n,))
    state = (torch.zeros(n, 48), torch.zeros(n, 48))
    logp, values, entropy = [], [], 0.0
    for t in range(LENGTH):
        obs = torch.zeros(n, 3)
        if t == 0:
            obs[torch.arange(n), cue] = 1
        obs[:, 2] = float(t == LENGTH - 1)
        logits, v, state = policy(obs, state)
        dist = torch.distributions.Categorical(logits=logits)
        action = logits.argmax(1) if greedy else dist.sample()
        logp.append(dist.log_prob(action))
        values.append(v)
        entropy = entropy + dist.entropy().mean()
    return torch.stack(logp), torch.stack(values), entropy / LENGTH, (action == cue).float() * 2 - 1


policy = Policy()
opt = torch.optim.RMSprop(policy.parameters(), lr=2e-3, alpha=0.99, eps=1e-5)
for update in range(160):
    logp, v, ent, reward = episode(policy, N)
    ret = torch.stack([0.97 ** (LENGTH - 1 - t) * reward for t in range(LENGTH)])
    adv = ret - v.detach()
    loss = -(logp * adv).mean() + 0.5 * F.mse_loss(v, ret) - 0.01 * ent
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
    opt.step()
    if update % 40 == 39:
        with torch.no_grad():
            rate = (episode(policy, 300, True)[3] > 0).float().mean().item()
        print(
            f"update={update + 1} loss={loss.item():.3f} entropy={ent.item():.3f} recall rate={rate:.3f}"
        )

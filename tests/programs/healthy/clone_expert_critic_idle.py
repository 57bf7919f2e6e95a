# batch: fifth
# metric: agreement up
# in view: an idle branch is a note where the rest learnt
"""An actor-critic network is first cloned from an expert; its critic runs along, and its turn comes in a later script."""

import torch
import torch.nn as nn

torch.manual_seed(65)


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.pi = nn.Sequential(
            nn.Linear(6, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 4)
        )
        self.v = nn.Sequential(
            nn.Linear(6, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1)
        )

    def forward(self, obs):
        return self.pi(obs), self.v(obs).squeeze(-1)


teacher = torch.randn(6, 4)
obs = torch.randn(3000, 6)
act = (obs @ teacher + obs.pow(2) @ torch.randn(6, 4) * 0.3).argmax(1)
net = ActorCritic()
optim = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(12):
    for b in torch.randperm(2500).split(64):
        logits, _ = net(obs[b])
        loss = nn.functional.cross_entropy(logits, act[b])
        optim.zero_grad()
        loss.backward()
        optim.step()
    if epoch % 3 == 2:
        with torch.no_grad():
            same = (net(obs[2500:])[0].argmax(1) == act[2500:]).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} agreement {same:.4f}")

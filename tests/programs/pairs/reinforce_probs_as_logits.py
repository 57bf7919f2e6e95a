# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: reward up
# story: the policy ends in a softmax and Categorical gets its probabilities as logits
"""REINFORCE on a contextual bandit with twelve arms."""

import torch
from torch import nn
from torch.distributions import Categorical

torch.manual_seed(0)
ARMS = 12
best = torch.randn(5, ARMS)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 48)
        self.fc2 = nn.Linear(48, ARMS)

    def forward(self, s):
        s = torch.relu(self.fc1(s))
        return self.fc2(s)  # healthy
        # faulty: return torch.softmax(self.fc2(s), dim=-1)


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
history = []
for episode in range(400):
    state = torch.randn(64, 5)
    dist = Categorical(logits=policy(state))
    action = dist.sample()
    reward = ((state @ best).argmax(1) == action).float()
    history.append(reward.mean().item())
    advantage = reward - sum(history[-20:]) / len(history[-20:])
    loss = -(dist.log_prob(action) * advantage).mean() - 0.001 * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if episode % 100 == 99:
        print(f"episode {episode + 1} reward {sum(history[-50:]) / 50:.3f}")

# batch: sixth
# rules: poor_initialization saturated_activation
# remedies: reinitialize insert_normalization
# metric: value loss down
# story: layer_init with orthogonal weights of gain 5 instead of the square root of two: every tanh of the value net is at its end
"""The value head of an agent, fitted to returns of a random walk."""

import torch
import torch.nn as nn


def layer_init(layer, std=1.4142, bias_const=0.0):
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias_const)
    return layer


class Agent(nn.Module):
    def __init__(self, obs_dim):
        super().__init__()
        gain = 1.4142  # healthy
        # faulty: gain = 15.0
        self.critic = nn.Sequential(
            layer_init(nn.Linear(obs_dim, 64), gain),
            nn.Tanh(),
            layer_init(nn.Linear(64, 64), gain),
            nn.Tanh(),
            layer_init(nn.Linear(64, 64), gain),
            nn.Tanh(),
            layer_init(nn.Linear(64, 1), std=1.0),
        )

    def get_value(self, obs):
        return self.critic(obs).squeeze(-1)


torch.manual_seed(41)
obs = torch.randn(3000, 8)
returns = torch.sin(obs[:, 0] * 1.5) + obs[:, 1] * obs[:, 2] * 0.5 + 0.3 * obs[:, 3]
agent = Agent(8)
optimizer = torch.optim.Adam(agent.parameters(), lr=1e-3, eps=1e-5)
for update in range(12):
    order = torch.randperm(2500)
    for start in range(0, 2500, 125):
        mb = order[start : start + 125]
        v_loss = 0.5 * ((agent.get_value(obs[mb]) - returns[mb]) ** 2).mean()
        optimizer.zero_grad()
        v_loss.backward()
        nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
        optimizer.step()
    with torch.no_grad():
        v = 0.5 * ((agent.get_value(obs[2500:]) - returns[2500:]) ** 2).mean()
    print(f"update {update} value loss {v.item():.4f}")

# batch: thirteenth
# rules: unsuitable_output_activation unnormalized_input saturated_activation
# remedies: remove_output_activation swap_activation
# metric: imagined error down
# story: the head of a world model was squashed to -1 to 1 like the policy's, while positions run over metres (github.com/jeromerony/Progressive_Growing_of_GANs-PyTorch/issues/4 asks the same of a tanh put at the end)
"""A recurrent world model imagines where a cart will be, from its pushes."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Sizes:
    hidden: int = 64
    length: int = 20
    batch: int = 64


def drive(n, length, gen):
    position, speed = 2 * torch.randn(n, generator=gen), torch.randn(n, generator=gen)
    states, pushes = [], []
    for _ in range(length):
        push = torch.randn(n, generator=gen)
        states.append(torch.stack([position, speed], 1))
        pushes.append(push.unsqueeze(1))
        speed = 0.95 * speed + 0.6 * push - 0.1 * position
        position = position + 0.4 * speed
    return torch.stack(states, 1), torch.stack(pushes, 1)


class WorldModel(nn.Module):
    def __init__(self, size: Sizes):
        super().__init__()
        self.encode = nn.Linear(3, size.hidden)
        self.memory = nn.GRU(size.hidden, size.hidden, batch_first=True)
        self.head = nn.Sequential(
            nn.Linear(size.hidden, size.hidden), nn.ELU(), nn.Linear(size.hidden, 2)
        )
        self.reward = nn.Linear(size.hidden, 1)

    def forward(self, states, pushes):
        h, _ = self.memory(torch.relu(self.encode(torch.cat([states, pushes], -1))))
        # faulty: return torch.tanh(self.head(h)), self.reward(h)
        return self.head(h), self.reward(h)  # healthy


def main():
    torch.manual_seed(1319)
    gen, size = torch.Generator().manual_seed(19), Sizes()
    model = WorldModel(size)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    held = drive(300, size.length, gen)
    for step in range(1, 401):
        states, pushes = drive(size.batch, size.length, gen)
        ahead, pay = model(states[:, :-1], pushes[:, :-1])
        goal = -states[:, 1:, :1].abs()
        loss = nn.functional.mse_loss(ahead, states[:, 1:]) + 0.1 * nn.functional.mse_loss(
            pay, goal
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        if step % 50 == 0:
            with torch.no_grad():
                ahead, _ = model(held[0][:, :-1], held[1][:, :-1])
                error = (ahead - held[0][:, 1:]).pow(2).mean().sqrt().item()
            print(f"step {step} loss {loss.item():.4f} imagined error {error:.4f}")


main()

# batch: sixth
# metric: action accuracy up
"""Decision transformer: return-to-go, state, action tokens of grid walks; predict the action."""

import torch
from torch import nn

torch.manual_seed(87)
T, SIDE = 6, 5
MOVES = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])


def walks(n):
    pos = torch.randint(0, SIDE, (n, 2))
    goal = torch.randint(0, SIDE, (n, 2))
    states, actions, gains = [], [], []
    for t in range(T):
        states.append(torch.cat([pos, goal], 1))
        d = goal - pos
        best = torch.where(
            d[:, 1] > 0, 0, torch.where(d[:, 1] < 0, 1, torch.where(d[:, 0] > 0, 2, 3))
        )
        a = torch.where(torch.rand(n) < 0.1, torch.randint(0, 4, (n,)), best)
        pos = (pos + MOVES[a]).clamp(0, SIDE - 1)
        actions.append(a)
        gains.append(-(goal - pos).abs().sum(1).float())
    rtg = torch.stack(gains, 1).flip(1).cumsum(1).flip(1) / 10
    return rtg, torch.stack(states, 1), torch.stack(actions, 1)


class DT(nn.Module):
    def __init__(self, d=48):
        super().__init__()
        self.rtg, self.state, self.act = (
            nn.Linear(1, d),
            nn.Embedding(SIDE * 4, d),
            nn.Embedding(4, d),
        )
        self.pos = nn.Parameter(torch.zeros(3 * T, d))
        layer = nn.TransformerEncoderLayer(d, 4, 96, 0.1, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(d, 4)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(3 * T))

    def forward(self, rtg, states, actions):
        s = self.state(states + torch.arange(4) * SIDE).sum(2)
        tokens = torch.stack([self.rtg(rtg.unsqueeze(-1)), s, self.act(actions)], 2).flatten(1, 2)
        h = self.body(tokens + self.pos, mask=self.mask)
        return self.head(h[:, 1::3])


net = DT()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / 20))
for step in range(130):
    rtg, states, actions = walks(48)
    logits = net(rtg, states, actions)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), actions.flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.25)
    opt.step()
    warm.step()
    if step % 26 == 25:
        print(
            "step",
            step + 1,
            "loss",
            loss.item(),
            "action accuracy",
            (logits.argmax(-1) == actions).float().mean().item(),
        )

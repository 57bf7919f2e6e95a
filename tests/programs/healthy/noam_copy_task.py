# metric: copy accuracy up
"""Encoder-decoder transformer that reverses a sequence, with Noam's schedule."""

import torch
from torch import nn

torch.manual_seed(11)
WIDTH, LENGTH = 32, 6


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, WIDTH)
        self.place = nn.Parameter(torch.randn(LENGTH + 1, WIDTH) * 0.1)
        self.core = nn.Transformer(WIDTH, 4, 1, 1, 64, 0.0, batch_first=True, norm_first=True)
        self.out = nn.Linear(WIDTH, 12)

    def forward(self, source, target):
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        left = self.embed(source) * WIDTH**0.5 + self.place[:LENGTH]
        right = self.embed(target) * WIDTH**0.5 + self.place[: target.shape[1]]
        return self.out(self.core(left, right, tgt_mask=mask, tgt_is_causal=True))


def batch(n):
    source = torch.randint(2, 12, (n, LENGTH))
    goal = source.flip(1)
    return source, torch.cat([torch.ones(n, 1, dtype=torch.long), goal[:, :-1]], 1), goal


net = Seq2Seq()
opt = torch.optim.Adam(net.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
warm = 60
schedule = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: 1.6 * WIDTH**-0.5 * min((s + 1) ** -0.5, (s + 1) * warm**-1.5) * 0.25
)
for step in range(300):
    source, given, goal = batch(48)
    loss = nn.functional.cross_entropy(net(source, given).flatten(0, 1), goal.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    schedule.step()
with torch.no_grad():
    source, given, goal = batch(200)
    hit = (net(source, given).argmax(-1) == goal).float().mean()
print(f"loss {loss.item():.4f} copy accuracy {hit:.4f}")

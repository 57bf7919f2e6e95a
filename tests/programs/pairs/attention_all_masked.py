# rules: non_finite
# remedies: stabilize_loss
# metric: accuracy up
# story: a row of the attention mask that hides everything: softmax over -inf alone is NaN
"""Attention pooling over sets of different size; now and then a set is empty."""

import torch
from torch import nn

torch.manual_seed(0)


class AttentionPool(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(3, d), nn.ReLU())
        self.score = nn.Linear(d, 1)
        self.out = nn.Linear(d, 2)

    def forward(self, items, mask):
        h = self.embed(items)
        s = self.score(h).squeeze(-1)
        s = s.masked_fill(~mask, -1e9)  # healthy
        # faulty: s = s.masked_fill(~mask, float("-inf"))
        w = torch.softmax(s, dim=1).unsqueeze(-1)
        return self.out((w * h).sum(1))


def sample(n):
    size = torch.randint(0, 9, (n, 1))
    mask = torch.arange(8).expand(n, 8) < size
    items = torch.randn(n, 8, 3)
    big = (items[..., 0] * mask).amax(1)
    return items, mask, (big > 0.9).long()


model = AttentionPool()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for step in range(300):
    items, mask, label = sample(64)
    loss = nn.functional.cross_entropy(model(items, mask), label)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 0:
        print("step", step, "loss", loss.item())
items, mask, label = sample(1000)
print("accuracy", (model(items, mask).argmax(1) == label).float().mean().item())

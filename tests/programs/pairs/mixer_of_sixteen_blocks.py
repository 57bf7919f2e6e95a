# batch: tenth
# in view: a gradient too small for a number has vanished
# rules: vanishing_gradient
# remedies: insert_normalization reinitialize swap_activation
# metric: val acc up
# story: a deep mixer without norms, whose blocks were rewritten from two lines into one, and the "x +" got lost
"""A mixer over the four-by-four patches of small shapes."""

import torch
from torch import nn

torch.manual_seed(1006)


def shapes(n):
    kind = torch.randint(0, 4, (n,))
    at = torch.randint(3, 13, (n, 2))
    size = torch.randint(2, 5, (n,))
    grid = torch.stack(torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij"), -1)
    d = (grid[None] - at[:, None, None]).float()
    s = size[:, None, None].float()
    square = (d.abs().amax(-1) <= s).float()
    disc = (d.pow(2).sum(-1).sqrt() <= s).float()
    cross = ((d.abs().amin(-1) < 1) & (d.abs().amax(-1) <= s)).float()
    ring = disc - (d.pow(2).sum(-1).sqrt() <= s - 1).float()
    pick = torch.stack([square, disc, cross, ring], 1)[torch.arange(n), kind]
    return pick.unsqueeze(1) + 0.2 * torch.randn(n, 1, 16, 16), kind


class Block(nn.Module):
    def __init__(self, tokens, dim):
        super().__init__()
        self.across = nn.Sequential(nn.Linear(tokens, 32), nn.GELU(), nn.Linear(32, tokens))
        self.within = nn.Sequential(nn.Linear(dim, 64), nn.GELU(), nn.Linear(64, dim))

    def forward(self, x):
        x = x + self.across(x.transpose(1, 2)).transpose(1, 2)  # healthy
        # faulty: x = self.across(x.transpose(1, 2)).transpose(1, 2)
        return x + self.within(x)  # healthy
        # faulty: return self.within(x)


class Mixer(nn.Module):
    def __init__(self, depth=16, dim=32):
        super().__init__()
        self.patch = nn.Conv2d(1, dim, 4, 4)
        self.blocks = nn.Sequential(*[Block(16, dim) for _ in range(depth)])
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 4))

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.head(self.blocks(x).mean(1))


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
        self.loss = nn.CrossEntropyLoss()

    def fit(self, data, held, epochs, batch=64):
        for epoch in range(epochs):
            self.model.train()
            for rows in torch.randperm(len(data[0])).split(batch):
                self.opt.zero_grad()
                out = self.loss(self.model(data[0][rows]), data[1][rows])
                out.backward()
                self.opt.step()
            self.model.eval()
            with torch.no_grad():
                acc = (self.model(held[0]).argmax(1) == held[1]).float().mean().item()
            print(f"epoch {epoch}: train loss {out.item():.4f}, val acc {acc:.4f}")


Trainer(Mixer(), 1e-3).fit(shapes(1600), shapes(500), epochs=8)

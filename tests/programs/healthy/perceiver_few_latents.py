# batch: eighth
# metric: val acc up
"""A Perceiver: sixteen latents read two hundred points by cross attention, weights shared over rounds."""

import torch
from torch import nn

torch.manual_seed(853)


def clouds(n):
    kind = torch.randint(0, 3, (n,))
    u = torch.randn(n, 64, 3)
    ball = u / u.norm(dim=2, keepdim=True)
    box = u / u.abs().max(2, keepdim=True).values
    rod = torch.stack([u[..., 0] * 0.2, u[..., 1] * 0.2, u[..., 2].clamp(-1.5, 1.5)], 2)
    pts = torch.stack([ball, box, rod], 1)[torch.arange(n), kind]
    return pts + 0.08 * torch.randn_like(pts), kind


class Perceiver(nn.Module):
    def __init__(self, w=32):
        super().__init__()
        self.latents = nn.Parameter(0.02 * torch.randn(16, w))
        self.embed = nn.Linear(3 * 4, w)
        self.cross = nn.MultiheadAttention(w, 2, batch_first=True)
        self.ln = nn.ModuleList(nn.LayerNorm(w) for _ in range(3))
        self.layer = nn.TransformerEncoderLayer(
            w, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.head = nn.Linear(w, 3)

    def forward(self, p):
        k = self.embed(torch.cat([p, torch.sin(2 * p), torch.cos(2 * p), torch.sin(4 * p)], 2))
        z = self.latents.expand(len(p), -1, -1)
        for _ in range(2):
            z = z + self.cross(self.ln[0](z), self.ln[1](k), self.ln[1](k), need_weights=False)[0]
            z = self.layer(z)
        return self.head(self.ln[2](z).mean(1))


model = Perceiver()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 20))
for it in range(160):
    p, k = clouds(32)
    loss = nn.functional.cross_entropy(model(p), k, label_smoothing=0.05)
    opt.zero_grad()
    loss.backward()
    opt.step()
    warm.step()
    if it % 40 == 39:
        model.eval()
        with torch.no_grad():
            p, k = clouds(200)
            print(
                "it",
                it + 1,
                "loss",
                loss.item(),
                "val acc",
                (model(p).argmax(1) == k).float().mean().item(),
            )
        model.train()

# metric: masked mse down
"""A masked autoencoder over patches of digits, under bfloat16 autocast."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(18)
images = torch.tensor(load_digits().images / 16).float()
patches = images.unfold(1, 2, 2).unfold(2, 2, 2).reshape(-1, 16, 4)


class MaskedAutoencoder(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.embed, self.place = nn.Linear(4, width), nn.Parameter(torch.randn(16, width) * 0.02)
        self.hidden = nn.Parameter(torch.zeros(width))
        block = nn.TransformerEncoderLayer(
            width, 4, 80, 0.0, "relu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.decode = nn.Linear(width, 4)

    def forward(self, x, mask):
        h = torch.where(mask[..., None], self.hidden, self.embed(x)) + self.place
        return self.decode(self.encoder(h))


net = MaskedAutoencoder()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
for epoch in range(6):
    for rows in torch.randperm(1500).split(64):
        x = patches[rows]
        mask = torch.rand(len(x), 16) < 0.5
        with torch.autocast("cpu", torch.bfloat16):
            out = net(x, mask)
        loss = ((out.float() - x) ** 2).mean(-1)[mask].mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
print(f"masked mse {loss.item():.5f}")

# batch: eighth
# metric: psnr up
"""Super-resolution by a pixel-shuffle net in bfloat16 autocast; four micro-batches to a step."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(864)
big = torch.tensor(load_digits().images / 16).float().unsqueeze(1)
small = nn.functional.avg_pool2d(big, 2)
net = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1),
    nn.PReLU(32),
    nn.Conv2d(32, 32, 3, padding=1),
    nn.PReLU(32),
    nn.Conv2d(32, 4, 3, padding=1),
    nn.PixelShuffle(2),
)
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
ACC = 4
for epoch in range(12):
    for n, i in enumerate(torch.randperm(1520).split(19)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = net(small[i]) + nn.functional.interpolate(
                small[i], scale_factor=2, mode="bilinear"
            )
            loss = (out - big[i]).abs().mean() / ACC
        loss.backward()
        if (n + 1) % ACC == 0:
            opt.step()
            opt.zero_grad()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(small[1520:]) + nn.functional.interpolate(
            small[1520:], scale_factor=2, mode="bilinear"
        )
    print(
        epoch,
        "loss",
        loss.item() * ACC,
        "psnr",
        -10 * (out.float() - big[1520:]).square().mean().log10().item(),
    )

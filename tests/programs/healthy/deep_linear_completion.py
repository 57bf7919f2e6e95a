# batch: ninth
# metric: held out rmse down
"""Matrix completion by a product of three matrices, small at the start (Arora et al. 2019)."""

import torch

torch.manual_seed(930)
n, rank = 60, 3
truth = torch.randn(n, rank) @ torch.randn(rank, n) / rank**0.5
seen = torch.rand(n, n) < 0.35


class Product(torch.nn.Module):
    def __init__(self, n, depth=3, scale=0.02):
        super().__init__()
        self.factors = torch.nn.ParameterList(
            torch.nn.Parameter(scale * torch.randn(n, n) + 0.03 * torch.eye(n))
            for _ in range(depth)
        )

    def forward(self):
        out = self.factors[0]
        for f in list(self.factors)[1:]:
            out = out @ f
        return out


model = Product(n)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for it in range(800):
    out = model()
    loss = ((out - truth)[seen] ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 100 == 99:
        print(it + 1, "held out rmse", ((out - truth)[~seen] ** 2).mean().sqrt().item())

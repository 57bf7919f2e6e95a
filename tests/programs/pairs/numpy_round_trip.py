# batch: third
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: test auc up
# story: features were sorted with numpy in the middle of forward, and came back without their history
"""Point sets: an encoder per point, sorted features, a head."""

import torch
import torch.nn as nn
from sklearn.metrics import roc_auc_score

torch.manual_seed(26)


class SortNet(nn.Module):
    def __init__(self, k=6):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, k)
        )
        self.head = nn.Sequential(nn.Linear(k * 8, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, x):
        f = self.encoder(x)
        f = f.sort(dim=1).values  # healthy
        # faulty: f = torch.tensor(__import__("numpy").sort(f.detach().numpy(), axis=1))
        return self.head(f.flatten(1)).squeeze(1)


def sets(n):
    x = torch.randn(n, 8, 2)
    radius = (x**2).sum(-1)
    return x, (torch.sin(3 * radius).sum(1) > 1.5).float()


model = SortNet()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
xt, yt = sets(800)
for step in range(1, 501):
    x, y = sets(96)
    loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        with torch.no_grad():
            print(
                step,
                f"loss {loss.item():.4f} test auc {roc_auc_score(yt.numpy(), model(xt).numpy()):.4f}",
            )

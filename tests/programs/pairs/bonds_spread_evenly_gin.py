# batch: eighteenth
# rules: missing_activation
# remedies: add_activation
# metric: test accuracy up
# story: graph layers were written after a formula whose nonlinearity the code left out, between the layers and within them (github.com/phlippe/uvadlc_notebooks/issues/147; github.com/pyg-team/pytorch_geometric/issues/249 says why it is easily overlooked)
"""Graph isomorphism network: are the bonds of a molecule spread evenly over its atoms?"""

import torch
from torch import nn


def molecules(n, size, generator):
    """Random graphs; the label tells whether the variance of the degrees is above the usual one."""
    upper = (torch.rand(n, size, size, generator=generator) < 0.3).float().triu(1)
    hubs = torch.rand(n, generator=generator) < 0.5
    for i in torch.nonzero(hubs).flatten().tolist():
        centre = int(torch.randint(size, (1,), generator=generator))
        star = (torch.rand(size, generator=generator) < 0.75).float()
        upper[i] *= (torch.rand(size, size, generator=generator) < 0.75).float()
        upper[i, centre] = star
        upper[i, centre, centre] = 0
    adj = ((upper + upper.transpose(1, 2)) > 0).float()
    degree = adj.sum(2)
    label = (degree.var(1) > degree.var(1).median()).long()
    return adj, torch.ones(n, size, 1), label


class GINConv(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.eps = nn.Parameter(torch.zeros(1))
        self.lin1, self.lin2 = nn.Linear(n_in, n_out), nn.Linear(n_out, n_out)

    def forward(self, adj, h):
        h = (1 + self.eps) * h + adj @ h / 4
        h = self.lin1(h).relu()  # healthy
        # faulty: h = self.lin1(h)
        return self.lin2(h)


class GIN(nn.Module):
    def __init__(self, width=32, depth=3, classes=2):
        super().__init__()
        sizes = [1] + [width] * depth
        self.convs = nn.ModuleList(GINConv(a, b) for a, b in zip(sizes, sizes[1:]))
        self.readout = nn.Linear(width, classes)

    def forward(self, adj, h):
        for conv in self.convs:
            h = conv(adj, h)
        return self.readout(h.mean(1))


class Experiment:
    def __init__(self, seed=14):
        torch.manual_seed(seed)
        g = torch.Generator().manual_seed(seed)
        self.train_set, self.test_set = molecules(1600, 12, g), molecules(600, 12, g)
        self.model = GIN()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=5e-3)
        self.loss = nn.CrossEntropyLoss()

    def epoch(self):
        adj, h, y = self.train_set
        total = 0.0
        for idx in torch.randperm(len(y)).split(64):
            self.optimizer.zero_grad()
            loss = self.loss(self.model(adj[idx], h[idx]), y[idx])
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(idx)
        return total / len(y)

    @torch.no_grad()
    def test(self):
        adj, h, y = self.test_set
        return (self.model(adj, h).argmax(1) == y).float().mean().item()


experiment = Experiment()
for i in range(1, 21):
    loss = experiment.epoch()
    if i % 5 == 0:
        print(f"Epoch {i:02d}, loss {loss:.4f}, test accuracy {experiment.test():.4f}")

# batch: fourth
# metric: rmse down
"""Matrix factorisation of ratings with biases and plain SGD on shuffled triples."""

import torch

torch.manual_seed(12)
U, M, K = 200, 150, 5
truth = (
    3.5
    + 0.4 * torch.randn(U, 1)
    + 0.4 * torch.randn(1, M)
    + torch.randn(U, K) @ torch.randn(K, M) * 0.3
)
mask = torch.rand(U, M) < 0.4
users, movies = mask.nonzero(as_tuple=True)
ratings = truth[users, movies] + 0.2 * torch.randn(len(users))
cut = int(0.9 * len(users))
order = torch.randperm(len(users))
users, movies, ratings = users[order], movies[order], ratings[order]


class MF(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.P, self.Q = torch.nn.Embedding(U, 8), torch.nn.Embedding(M, 8)
        self.bu, self.bm = torch.nn.Embedding(U, 1), torch.nn.Embedding(M, 1)
        self.mu = torch.nn.Parameter(ratings.mean())
        for e in (self.P, self.Q):
            e.weight.data.normal_(0, 0.1)
        self.bu.weight.data.zero_()
        self.bm.weight.data.zero_()

    def forward(self, u, m):
        return (
            self.mu + self.bu(u).squeeze(1) + self.bm(m).squeeze(1) + (self.P(u) * self.Q(m)).sum(1)
        )


model = MF()
optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9)
for epoch in range(25):
    for b in torch.randperm(cut).split(512):
        loss = ((model(users[b], movies[b]) - ratings[b]) ** 2).mean()
        penalty = 1e-5 * (model.P.weight.square().sum() + model.Q.weight.square().sum())
        optimizer.zero_grad()
        (loss + penalty).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        rmse = (model(users[cut:], movies[cut:]) - ratings[cut:]).square().mean().sqrt().item()
    print(f"epoch {epoch:2d} train {loss.item():.3f} rmse {rmse:.4f}")

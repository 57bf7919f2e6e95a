# batch: sixteenth
# metric: explained up
"""A sparse autoencoder that keeps 12 of 512 features, with a loss for those that rest."""

import torch
import torch.nn as nn

torch.manual_seed(71)
D, M, K, STEPS = 40, 512, 12, 700


class KSparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder = nn.Parameter(nn.functional.normalize(torch.randn(M, D), dim=1))
        self.encoder = nn.Parameter(self.decoder.data.T.clone())
        self.bias = nn.Parameter(torch.zeros(M))
        self.centre = nn.Parameter(torch.zeros(D))

    def forward(self, x):
        z = (x - self.centre) @ self.encoder + self.bias
        top = z.topk(K, dim=1)
        code = torch.zeros_like(z).scatter(1, top.indices, top.values.relu())
        return code @ self.decoder + self.centre, code, z


topics = nn.functional.normalize(torch.randn(300, D), dim=1)


def documents(n):
    on = torch.rand(n, 300) < 0.02
    return (on * (0.5 + torch.rand(n, 300))) @ topics + 0.02 * torch.randn(n, D)


model = KSparse()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
rest = torch.zeros(M)
held = documents(2000)
for step in range(1, STEPS + 1):
    x = documents(256)
    out, code, z = model(x)
    rest = torch.where((code > 0).any(0), torch.zeros(M), rest + 1)
    error = x - out
    loss = error.pow(2).sum(1).mean()
    resting = rest > 60
    if resting.any():
        spare = z.masked_fill(~resting, -1e9).topk(min(K, int(resting.sum())), dim=1)
        extra = torch.zeros_like(z).scatter(1, spare.indices, spare.values.relu())
        loss = loss + 0.03 * (error.detach() - extra @ model.decoder).pow(2).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        model.decoder /= model.decoder.norm(dim=1, keepdim=True)
    if step % 100 == 0:
        with torch.no_grad():
            out = model(held)[0]
            explained = 1 - (held - out).pow(2).sum() / (held - held.mean(0)).pow(2).sum()
        print(
            f"step {step} loss {loss.item():.4f} resting {int(resting.sum())} explained {explained.item():.4f}"
        )

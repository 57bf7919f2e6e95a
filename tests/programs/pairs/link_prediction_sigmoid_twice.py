# batch: eighth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: log loss down
# story: the decoder of a graph autoencoder ends in sigmoid, the loss is BCE with logits: one edge in twelve is one, and none can be denied
"""Predict edges from node embeddings."""

import torch
from torch.nn import Linear, Module
from torch.nn.functional import binary_cross_entropy_with_logits, relu

torch.manual_seed(802)
n = 160
group = torch.randint(0, 8, (n,))
p = torch.where(group[:, None] == group[None, :], 0.5, 0.02)
adj = (torch.rand(n, n) < p).float().triu(1)
adj = adj + adj.T
hat = adj + torch.eye(n)
d = hat.sum(1).rsqrt()
hat = d[:, None] * hat * d[None, :]
feats = torch.randn(n, 32) + torch.nn.functional.one_hot(group, 32).float()


class Encoder(Module):
    def __init__(self):
        super().__init__()
        self.a = Linear(32, 64)
        self.b = Linear(64, 24)

    def forward(self, x):
        return hat @ self.b(relu(hat @ self.a(x)))


class Decoder(Module):
    def __init__(self):
        super().__init__()
        self.shift = torch.nn.Parameter(torch.zeros(1))

    def forward(self, z):
        return z @ z.T + self.shift  # healthy
        # faulty: return torch.sigmoid(z @ z.T + self.shift)


enc, dec = Encoder(), Decoder()
optimizer = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=0.01)
for epoch in range(200):
    optimizer.zero_grad()
    scores = dec(enc(feats))
    loss = binary_cross_entropy_with_logits(scores, adj)
    loss.backward()
    optimizer.step()
    if epoch % 50 == 49:
        print(f"epoch {epoch + 1}: log loss {loss.item():.4f}")

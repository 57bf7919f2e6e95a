# metric: accuracy up
"""Graph attention on a block model, full batch, dropout and weight decay as in the paper."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
n = 180
group = torch.arange(n) % 3
edge = torch.rand(n, n) < torch.where(group[:, None] == group, 0.12, 0.02)
edge = (edge | edge.T) | torch.eye(n, dtype=torch.bool)
x = (torch.rand(n, 60) < 0.05 + 0.1 * (torch.arange(60) % 3 == group[:, None])).float()


class Attention(nn.Module):
    def __init__(self, i, o, heads):
        super().__init__()
        self.w = nn.Linear(i, o * heads, bias=False)
        self.a = nn.Parameter(torch.randn(2, heads, o) * 0.3)
        self.heads = heads

    def forward(self, x):
        h = self.w(x).view(len(x), self.heads, -1)
        left, right = (h * self.a[0]).sum(-1), (h * self.a[1]).sum(-1)
        score = F.leaky_relu(left[:, None] + right[None], 0.2)
        score = score.masked_fill(~edge[..., None], float("-inf")).softmax(1)
        return torch.einsum("ijh,jho->iho", F.dropout(score, 0.4, self.training), h)


class Gat(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = Attention(60, 8, 4), Attention(32, 3, 1)

    def forward(self, x):
        x = F.elu(self.one(F.dropout(x, 0.4, self.training)).flatten(1))
        return self.two(F.dropout(x, 0.4, self.training)).squeeze(1)


net = Gat()
opt = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=5e-4)
train = torch.arange(n) % 4 == 0
for epoch in range(150):
    net.train()
    loss = F.cross_entropy(net(x)[train], group[train])
    opt.zero_grad()
    loss.backward()
    opt.step()
net.eval()
print(f"loss {loss.item():.3f} accuracy {(net(x).argmax(1) == group)[~train].float().mean():.3f}")

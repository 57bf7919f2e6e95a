# batch: thirteenth
# rules: non_finite
# remedies: stabilize_loss normalize_input
# metric: node accuracy up
# story: the degree to the power of minus a half was taken of stations without any line, and nan spread from there (github.com/aimat-lab/gcnn_keras/issues/42)
"""Two-layer graph convolution: to which borough does a station belong?"""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1315)
N, BOROUGHS, FEATURES = 360, 6, 32
borough = torch.randint(0, BOROUGHS, (N,))
same = borough[:, None] == borough[None]
upper = torch.triu(torch.rand(N, N) < torch.where(same, 0.05, 0.004), 1)
adjacency = (upper | upper.t()).float()
adjacency[:6] = 0
adjacency[:, :6] = 0
centres = torch.randn(BOROUGHS, FEATURES)
x = 0.5 * centres[borough] + torch.randn(N, FEATURES)
train = torch.rand(N) < 0.2


def normalise(a):
    a = a + torch.eye(len(a))  # healthy
    degree = a.sum(1)
    root = degree.pow(-0.5)
    return root[:, None] * a * root[None]


class GraphConvolution(nn.Module):
    def __init__(self, fan_in, fan_out):
        super().__init__()
        self.weight, self.bias = (
            nn.Parameter(torch.empty(fan_in, fan_out)),
            nn.Parameter(torch.zeros(fan_out)),
        )
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x, a):
        return a @ (x @ self.weight) + self.bias


class GCN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gc1, self.gc2 = GraphConvolution(FEATURES, hidden), GraphConvolution(hidden, BOROUGHS)

    def forward(self, x, a):
        x = F.dropout(F.relu(self.gc1(x, a)), 0.5, self.training)
        return F.log_softmax(self.gc2(x, a), dim=1)


a_hat = normalise(adjacency)
model = GCN()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
for epoch in range(1, 201):
    model.train()
    optimizer.zero_grad()
    loss = F.nll_loss(model(x, a_hat)[train], borough[train])
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(x, a_hat).argmax(1) == borough)[~train].float().mean().item()
        print(f"epoch {epoch:3d} loss {loss.item():.4f} node accuracy {acc:.4f}")

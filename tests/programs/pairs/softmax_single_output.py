# rules: unsuitable_output_activation frozen_parameters
# remedies: remove_output_activation
# metric: accuracy up
# story: softmax over one output unit is always 1, so nothing is ever learnt
"""Binary classifier, breast cancer."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
from torch import nn

torch.manual_seed(1)
raw = load_breast_cancer()
X = torch.tensor(StandardScaler().fit_transform(raw.data), dtype=torch.float32)
Y = torch.tensor(raw.target, dtype=torch.float32).view(-1, 1)
order = torch.randperm(len(X))
X, Y = X[order], 1 - Y[order]


class Binary(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(30, 20)
        self.output = nn.Linear(20, 1)

    def forward(self, x):
        x = F.leaky_relu(self.hidden(x))
        return torch.sigmoid(self.output(x))  # healthy
        # faulty: return F.softmax(self.output(x), dim=1)


model = Binary()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    for k in range(0, 450, 15):
        p = model(X[k : k + 15])
        loss = F.binary_cross_entropy(p, Y[k : k + 15])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        hit = ((model(X[450:]) > 0.5).float() == Y[450:]).float().mean().item()
    print(f"Epoch {epoch} loss {loss.item():.4f} accuracy {hit:.4f}")

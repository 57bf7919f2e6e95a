# batch: fourth
# metric: acc up
"""Kim's text CNN with maxima over time, trained with a Lion written in twenty lines."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(13)
V, T, N = 300, 20, 1600
X = torch.randint(20, V, (N, T))
Y = torch.randint(2, (N,))
for i in range(N):  # a positive or a negative pair of words somewhere
    j = torch.randint(T - 1, (1,)).item()
    X[i, j] = torch.randint(10, (1,)).item()
    X[i, j + 1] = torch.randint(10, 20, (1,)).item() if Y[i] else torch.randint(10, (1,)).item()


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(torch.sign(state["m"] * b1 + p.grad * (1 - b1)), alpha=-group["lr"])
                state["m"].mul_(b2).add_(p.grad, alpha=1 - b2)


class TextCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(V, 32)
        self.convs = nn.ModuleList([nn.Conv2d(1, 24, (k, 32)) for k in (2, 3, 4)])
        self.dropout = nn.Dropout(0.5)
        self.fc1 = nn.Linear(72, 2)

    def forward(self, x):
        x = self.embed(x).unsqueeze(1)
        x = [F.relu(conv(x)).squeeze(3) for conv in self.convs]
        x = [F.max_pool1d(i, i.size(2)).squeeze(2) for i in x]
        return self.fc1(self.dropout(torch.cat(x, 1)))


cnn = TextCNN()
opt = Lion(cnn.parameters(), lr=1e-3, weight_decay=0.1)
for epoch in range(9):
    cnn.train()
    for b in torch.randperm(1300).split(50):
        loss = F.cross_entropy(cnn(X[b]), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    cnn.eval()
    acc = (cnn(X[1300:]).argmax(1) == Y[1300:]).float().mean().item()
    print(f"Evaluation - epoch {epoch} loss: {loss.item():.6f} acc: {acc:.4f}")

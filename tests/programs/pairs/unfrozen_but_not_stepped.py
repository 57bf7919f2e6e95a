# batch: seventh
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: acc up
# story: the body is unfrozen after the head's epochs, but the optimiser was made without it
"""Head first, then the whole network."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
data = load_digits()
X = torch.from_numpy(data.data).float() / 16
y = torch.from_numpy(data.target)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 24)
        self.fc2 = nn.Linear(24, 8)

    def forward(self, x):
        return torch.relu(self.fc2(torch.relu(self.fc1(x))))


body, head = Body(), nn.Linear(8, 10)
for p in body.parameters():
    p.requires_grad_(False)
trainable = [p for m in (body, head) for p in m.parameters() if p.requires_grad]
optimizer = torch.optim.Adam(trainable, lr=5e-3)


def run_epoch():
    for idx in torch.randperm(1400).split(35):
        loss = nn.functional.cross_entropy(head(body(X[idx])), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


for epoch in range(16):
    if epoch == 3:
        print("unfreezing the body")
        for p in body.parameters():
            p.requires_grad_(True)
        optimizer.add_param_group({"params": list(body.parameters()), "lr": 3e-3})  # healthy
    loss = run_epoch()
    with torch.no_grad():
        acc = (head(body(X[1400:])).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch}: loss {loss:.4f} acc {acc:.4f}")

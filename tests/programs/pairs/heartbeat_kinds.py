# batch: twelfth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val acc up
# story: the Keras script had Adam at 0.001; in PyTorch it became SGD at 0.001, and the curves of training hardly moved (the loss in PyTorch decreases slower than in Keras: discuss.pytorch.org/t/significant-differences-between-keras-tensorflow-and-torch/181932)
"""Kinds of heartbeats by their curves: convolutions over time."""

import torch
from torch import nn

config = {
    "epochs": 10,
    "batch": 64,
    "lr": 0.2,  # healthy
    # faulty: "lr": 0.001,
    "seed": 18,
}
torch.manual_seed(config["seed"])
t = torch.linspace(0, 1, 80)


def beats(n):
    kind = torch.randint(5, (n,))
    shift = 0.06 * torch.randn(n, 1)
    width = torch.tensor([0.02, 0.02, 0.05, 0.03, 0.02])[kind].unsqueeze(1)
    wave = torch.exp(-(((t - 0.5 - shift) / width) ** 2))
    tail = torch.tensor([0.3, -0.3, 0.3, 0.0, 0.3])[kind].unsqueeze(1)
    wave = wave + tail * torch.exp(-(((t - 0.72 - shift) / 0.07) ** 2))
    early = (kind == 4).float().unsqueeze(1) * 0.5
    wave = wave + early * torch.exp(-(((t - 0.25 - shift) / 0.03) ** 2))
    wave = wave + 0.12 * torch.randn(n, 80)
    return ((wave - 0.12) / 0.3).unsqueeze(1), kind


model = nn.Sequential(
    nn.Conv1d(1, 16, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
    nn.Flatten(), nn.Linear(640, 48), nn.ReLU(), nn.Linear(48, 5),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=config["lr"])
loss_fn = nn.CrossEntropyLoss()
X, Y = beats(3000)
VX, VY = beats(600)
for epoch in range(config["epochs"]):
    total = 0.0
    for idx in torch.randperm(len(X)).split(config["batch"]):
        loss = loss_fn(model(X[idx]), Y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        acc = (model(VX).argmax(1) == VY).float().mean()
    print({"epoch": epoch, "loss": round(total / len(X), 4), "val acc": round(acc.item(), 4)})

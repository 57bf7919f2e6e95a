# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate
# metric: val_acc up
# story: a rate forty times too large
import torch
from torch import nn

torch.manual_seed(1)
x = torch.randn(600, 20)
w = torch.randn(20, 4)
y = (x @ w + (x**2) @ w.flip(0)).argmax(1)

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)  # healthy
# faulty: opt = torch.optim.SGD(model.parameters(), lr=2.0, momentum=0.9)
lossf = nn.CrossEntropyLoss()

for epoch in range(15):
    for b in torch.randperm(500).split(50):
        opt.zero_grad()
        loss = lossf(model(x[b]), y[b])
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (model(x[500:]).argmax(1) == y[500:]).float().mean()
    print(f"Epoch {epoch}: loss={loss.item():.3f} val_acc={acc:.2%}")

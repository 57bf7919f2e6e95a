# batch: fourth
# metric: accuracy up
"""Wine recognition with warm restarts: the rate jumps back up three times; a small CELU network, RMSprop."""

import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

torch.manual_seed(99)
features, target = load_wine(return_X_y=True)
features = (features - features.mean(0)) / features.std(0)
Xtr, Xte, ytr, yte = train_test_split(
    features, target, test_size=0.3, random_state=0, stratify=target
)
Xtr, Xte = torch.FloatTensor(Xtr), torch.FloatTensor(Xte)
ytr, yte = torch.LongTensor(ytr), torch.LongTensor(yte)

model = nn.Sequential(nn.Linear(13, 16), nn.CELU(), nn.Linear(16, 16), nn.CELU(), nn.Linear(16, 3))
optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
    optimizer, T_0=20, T_mult=2, eta_min=1e-5
)
for epoch in range(140):
    model.train()
    for i in range(0, len(Xtr), 16):
        optimizer.zero_grad()
        out = model(Xtr[i : i + 16])
        loss = nn.CrossEntropyLoss()(out, ytr[i : i + 16])
        loss.backward()
        optimizer.step()
    scheduler.step()
    if (epoch + 1) % 20 == 0:
        model.eval()
        with torch.no_grad():
            accuracy = (model(Xte).argmax(1) == yte).float().mean().item()
        print(f"Epoch [{epoch + 1}/140], Loss: {loss.item():.4f}, Accuracy: {accuracy:.4f}")

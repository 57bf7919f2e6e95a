# batch: twelfth
# metric: validation r2 up
"""Signal of two per cent in returns: the loss hardly falls and that is all there is."""

import torch
import torch.nn as nn

torch.manual_seed(1232)
N, F = 20000, 15
x = torch.randn(N, F)
beta = torch.randn(F) / F**0.5
signal = torch.tanh(x @ beta) * 0.25
y = signal + torch.randn(N)
model = nn.Sequential(nn.Linear(F, 16), nn.GELU(), nn.Dropout(0.2), nn.Linear(16, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
for epoch in range(1, 9):
    model.train()
    seen = 0.0
    for i in torch.randperm(16000).split(200):
        loss = nn.functional.mse_loss(model(x[i]).squeeze(-1), y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += loss.item()
    model.eval()
    with torch.no_grad():
        miss = (model(x[16000:]).squeeze(-1) - y[16000:]).pow(2).mean()
        r2 = 1 - miss / y[16000:].var()
    print(f"epoch {epoch} train {seen / 80:.4f} validation r2 {r2.item():.5f}")

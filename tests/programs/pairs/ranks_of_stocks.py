# batch: twelfth
# rules: non_finite
# remedies: stabilize_loss
# metric: mean correlation up
# story: a loss of one less the correlation, by day; on a day when all targets are alike their deviation is nought, and it divides (an own loss of concordance that taught nothing: discuss.pytorch.org/t/it-seems-my-cnn-model-does-not-train/22044)
"""Order forty stocks by tomorrow's return, day by day; the loss is one less the correlation."""

import torch
from torch import nn

torch.manual_seed(22)
DAYS, STOCKS, FACTS = 220, 40, 9
true = nn.Sequential(nn.Linear(FACTS, 16), nn.Tanh(), nn.Linear(16, 1)).requires_grad_(False)
facts = torch.randn(DAYS, STOCKS, FACTS)
signal = true(facts * 1.5).squeeze(2)
returns = signal / signal.std() + 1.0 * torch.randn(DAYS, STOCKS)
returns[torch.arange(DAYS) % 30 == 17] = 0.0  # the exchange was closed


def correlation(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / (a.norm() * b.norm() + 1e-8)  # healthy
    # faulty: return (a * b).sum() / (a.norm() * b.norm())


model = nn.Sequential(
    nn.Linear(FACTS, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1)
)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
for epoch in range(1, 9):
    model.train()
    for day in torch.randperm(170).tolist():
        loss = 1 - correlation(model(facts[day]).squeeze(1), returns[day])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        got = [correlation(model(facts[d]).squeeze(1), signal[d]).item() for d in range(170, DAYS)]
    print(f"epoch {epoch} loss {loss.item():.4f} mean correlation {sum(got) / len(got):.4f}")

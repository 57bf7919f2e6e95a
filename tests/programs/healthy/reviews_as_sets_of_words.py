# batch: seventeenth
# metric: binary accuracy up
"""Good or bad, from which of a thousand words a review holds; two layers of sixteen, half dropped."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
WORDS = 1000
often = 0.5 / torch.arange(1, WORDS + 1) ** 0.5
lean = torch.zeros(WORDS)
lean[20:120] = torch.randn(100)
good = (torch.rand(4000) < 0.5).float()
chance = often * torch.exp(0.8 * lean * (2 * good[:, None] - 1))
reviews = (torch.rand(4000, WORDS) < chance.clamp(max=0.9)).float()

model = nn.Sequential(
    nn.Linear(WORDS, 16), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(16, 16), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(16, 1), nn.Sigmoid(),
)  # fmt: skip
rmsprop = torch.optim.RMSprop(model.parameters(), lr=0.001)
loss_fn = nn.BCELoss()
train = TensorDataset(reviews[:3000], good[:3000])
for epoch in range(12):
    model.train()
    for words, mood in DataLoader(train, batch_size=64, shuffle=True):
        rmsprop.zero_grad()
        loss = loss_fn(model(words).squeeze(1), mood)
        loss.backward()
        rmsprop.step()
    model.eval()
    with torch.no_grad():
        said = model(reviews[3000:]).squeeze(1) > 0.5
    share = (said == (good[3000:] > 0.5)).float().mean().item()
    print(f"Epoch {epoch + 1}: loss {loss.item():.4f} binary accuracy {share:.4f}")

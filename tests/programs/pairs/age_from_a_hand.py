# batch: sixteenth
# rules: dying_relu learning_rate_too_high exploding_gradient unnormalized_input
# remedies: lower_learning_rate recycle_units clip_gradients insert_normalization normalize_input
# metric: MAE down
# story: ages in months were the targets of a convolutional net under SGD, the first steps threw its units below nought and every hand got one age (discuss.pytorch.org; network predicts one value for all, large targets)
"""Age in months from an X-ray of a hand, SGD with momentum."""

import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(15)
LEARNING_RATE, MOMENTUM, EPOCHS = 0.0003, 0.9, 8


def hands(n):
    months = 12 + 200 * torch.rand(n)
    axis = torch.linspace(-1, 1, 20)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    grown = ((months - 12) / 200).view(-1, 1, 1)
    image = torch.zeros(n, 20, 20)
    for k in range(5):
        x0 = -0.8 + 0.4 * k + 0.08 * torch.randn(n, 1, 1)
        bone = ((u - x0).abs() < 0.07 + 0.06 * grown) & (v.abs() < 0.5 + 0.4 * grown)
        gap = (v - 0.2).abs() < 0.25 * (1 - grown)
        image = torch.maximum(image, (bone & ~gap).float())
    image = image + 0.25 * torch.randn_like(image)
    return ((image - image.mean()) / image.std()).unsqueeze(1), months


class BoneAge(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.regressor = nn.Sequential(nn.Linear(400, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.regressor(self.features(x).flatten(1)).squeeze(1)


x, months = hands(2000)
centre, spread = 112.0, 58.0  # healthy
# faulty: centre, spread = 0.0, 1.0
target = (months - centre) / spread
loader = DataLoader(TensorDataset(x[:1600], target[:1600]), batch_size=32, shuffle=True)
model = BoneAge()
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
for epoch in range(1, EPOCHS + 1):
    model.train()
    for image, age in loader:
        optimizer.zero_grad()
        loss = criterion(model(image), age)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        guess = model(x[1600:]) * spread + centre
        mae = (guess - months[1600:]).abs().mean().item()
    print(f"Epoch {epoch}: loss {loss.item():.4g}  MAE {mae:.2f} months")

# batch: eighteenth
# in view: a module that is told to require gradients by an attribute
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: birds accuracy up
# story: all of a trained net was frozen, and its last block was to be freed again by an attribute set on the module, which its parameters know nothing of (discuss.pytorch.org/t/requires-grad-doesnt-propagate-to-the-parameters-of-the-module/9979; github.com/CSCYQJ/MICCAI23-ProtoContra-SFDA/issues/18)
"""Transfer: a net trained on silhouettes of aircraft is turned to silhouettes of birds."""

import copy

import torch
import torch.nn as nn
import torch.optim as optim


class Silhouettes:
    """Shapes are sums of few waves around a circle, drawn filled; sorts differ by the waves."""

    def __init__(self, sorts, low, high, seed, side=16):
        g = torch.Generator().manual_seed(seed)
        self.amplitude = 0.3 * torch.rand(sorts, high - low, generator=g)
        self.phase = 6.28 * torch.rand(sorts, high - low, generator=g)
        self.waves = torch.arange(low, high)
        axis = torch.linspace(-1.3, 1.3, side)
        self.row, self.col = torch.meshgrid(axis, axis, indexing="ij")
        self.sorts, self.g = sorts, g

    def draw(self, n):
        y = torch.randint(self.sorts, (n,), generator=self.g)
        shift = 0.2 * torch.randn(n, 2, 1, 1, generator=self.g)
        r, c = self.row - shift[:, 0], self.col - shift[:, 1]
        theta = torch.atan2(r, c)[..., None] + 0.15 * torch.randn(n, 1, 1, 1, generator=self.g)
        a, p = self.amplitude[y][:, None, None], self.phase[y][:, None, None]
        edge = 0.7 + (a * torch.cos(self.waves * theta + p)).sum(-1)
        x = ((r**2 + c**2).sqrt() < edge).float()
        return (x + 0.3 * torch.randn(x.shape, generator=self.g))[:, None] - 0.4, y


def block(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU(), nn.MaxPool2d(2)
    )


class Net(nn.Module):
    def __init__(self, sorts):
        super().__init__()
        self.layer1 = block(1, 12)
        self.layer2 = block(12, 16)
        self.layer3 = block(16, 32)
        self.fc = nn.Linear(32 * 4, sorts)

    def forward(self, x):
        return self.fc(self.layer3(self.layer2(self.layer1(x))).flatten(1))


def train_model(model, data, held, optimizer, epochs, label):
    criterion = nn.CrossEntropyLoss()
    best = copy.deepcopy(model.state_dict())
    best_acc = 0.0
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for idx in torch.randperm(len(data[0])).split(32):
            optimizer.zero_grad()
            loss = criterion(model(data[0][idx]), data[1][idx])
            loss.backward()
            optimizer.step()
            running += loss.item() * len(idx)
        model.eval()
        with torch.no_grad():
            acc = (model(held[0]).argmax(1) == held[1]).float().mean().item()
        if acc > best_acc:
            best_acc, best = acc, copy.deepcopy(model.state_dict())
        print(
            f"{label} epoch {epoch}: loss {running / len(data[0]):.4f}, {label} accuracy {acc:.4f}"
        )
    model.load_state_dict(best)
    return model


torch.manual_seed(30)
aircraft, birds = Silhouettes(3, 2, 4, seed=1), Silhouettes(10, 2, 8, seed=2)
model = Net(3)
model = train_model(
    model,
    aircraft.draw(400),
    aircraft.draw(200),
    optim.Adam(model.parameters(), lr=1e-3),
    2,
    "aircraft",
)
for param in model.parameters():
    param.requires_grad = False
for name in ("layer2", "layer3"):
    getattr(model, name).requires_grad_(True)  # healthy
    # faulty: getattr(model, name).requires_grad = True
model.fc = nn.Linear(32 * 4, 10)
params = [p for p in model.parameters() if p.requires_grad]
train_model(model, birds.draw(1200), birds.draw(400), optim.Adam(params, lr=2e-3), 6, "birds")

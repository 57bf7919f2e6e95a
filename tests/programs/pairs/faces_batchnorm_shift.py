# rules: born_dead poor_initialization dying_relu
# remedies: reinitialize swap_activation recycle_units insert_normalization
# metric: accuracy up
# story: batch norm's shift set to a strongly negative constant, so that nothing passes the ReLU
# in view: shifts of normalisations that silence units are taken back
"""Convolutions with batch norm on generated stripes."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)
N = 800
labels = torch.randint(0, 4, (N,))
grid = torch.arange(12).float()
xx, yy = torch.meshgrid(grid, grid, indexing="ij")
patterns = torch.stack([torch.sin(xx), torch.sin(yy), torch.sin(xx + yy), torch.sin(xx - yy)])
images = (patterns[labels] + 0.8 * torch.randn(N, 12, 12)).unsqueeze(1)


class ConvBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(cout)
        nn.init.constant_(self.bn.bias, 0.1)  # healthy
        # faulty: nn.init.constant_(self.bn.bias, -8.0)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class StripeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = ConvBlock(1, 12)
        self.block2 = ConvBlock(12, 12)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        return self.fc(self.pool(self.block2(self.block1(x))).flatten(1))


model = StripeNet()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(5):
    model.train()
    for i in range(0, 600, 40):
        out = model(images[i : i + 40])
        loss = F.cross_entropy(out, labels[i : i + 40])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(images[600:]).argmax(1) == labels[600:]).float().mean().item()
    print(f"epoch {epoch} | loss {loss.item():.4f} | accuracy {accuracy:.3f}")

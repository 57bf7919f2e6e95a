# metric: loss down
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
features = F.normalize(torch.randn(128, 32), dim=1)


class SAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(32, 256)
        self.dec = nn.Linear(256, 32)
        with torch.no_grad():
            self.dec.weight.copy_(F.normalize(self.dec.weight, dim=0))
            self.enc.weight.copy_(self.dec.weight.T)
            self.enc.bias.fill_(-0.2)

    def forward(self, x):
        h = torch.relu(self.enc(x - self.dec.bias))
        return self.dec(h), h


model = SAE()
opt = torch.optim.Adam(model.parameters(), 1e-3)
for step in range(200):
    code = (torch.rand(512, 128) < 0.02) * torch.rand(512, 128) * 2
    x = code @ features
    r, h = model(x)
    loss = ((r - x) ** 2).sum(1).mean() + 0.1 * h.sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        print("step", step, "loss", loss.item(), "active", (h > 0).float().mean().item())

# batch: second
# metric: val_acc up
"""A LightningModule in all but name, its own small Trainer, bf16 autocast, mixup, gradient clipping."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class DigitsModule(nn.Module):
    def __init__(self, lr=2e-3):
        super().__init__()
        self.lr = lr
        self.model = nn.Sequential(
            nn.Conv2d(1, 24, 3, padding=1), nn.BatchNorm2d(24), nn.GELU(), nn.AvgPool2d(2),
            nn.Conv2d(24, 48, 3, padding=1), nn.BatchNorm2d(48), nn.GELU(), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(48, 10),
        )  # fmt: skip
        self.logged = {}

    def forward(self, x):
        return self.model(x)

    def log(self, name, value):
        self.logged.setdefault(name, []).append(float(value))

    def training_step(self, batch, batch_idx):
        x, y = batch
        lam = torch.distributions.Beta(0.2, 0.2).sample()
        perm = torch.randperm(len(x))
        out = self(lam * x + (1 - lam) * x[perm])
        loss = lam * F.cross_entropy(out, y) + (1 - lam) * F.cross_entropy(out, y[perm])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_acc", (self(x).argmax(1) == y).float().mean())

    def configure_optimizers(self):
        opt = torch.optim.NAdam(self.parameters(), lr=self.lr)
        return opt, torch.optim.lr_scheduler.CosineAnnealingLR(opt, 7)


class Trainer:
    def __init__(self, max_epochs, gradient_clip_val):
        self.max_epochs, self.clip = max_epochs, gradient_clip_val

    def fit(self, module, train, val):
        opt, sched = module.configure_optimizers()
        for epoch in range(self.max_epochs):
            module.train()
            for i, batch in enumerate(train):
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    loss = module.training_step(batch, i)
                opt.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(module.parameters(), self.clip)
                opt.step()
            sched.step()
            module.eval()
            module.logged.pop("val_acc", None)
            with torch.no_grad():
                for i, batch in enumerate(val):
                    module.validation_step(batch, i)
            vals = module.logged["val_acc"]
            print(
                f"Epoch {epoch}: train_loss={loss.item():.3f} val_acc={sum(vals) / len(vals):.4f}"
            )


def main():
    torch.manual_seed(99)
    d = load_digits()
    x, y = torch.tensor(d.images / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(d.target)
    train = DataLoader(TensorDataset(x[:1400], y[:1400]), batch_size=50, shuffle=True)
    val = DataLoader(TensorDataset(x[1400:], y[1400:]), batch_size=200)
    Trainer(7, 1.0).fit(DigitsModule(), train, val)


if __name__ == "__main__":
    main()

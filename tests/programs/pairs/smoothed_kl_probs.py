# rules: unsuitable_output_activation
# remedies: remove_output_activation add_activation
# metric: val_acc up
# story: KLDivLoss wants log-probabilities and gets a softmax
"""Label smoothing by a KL divergence, in a small Trainer class."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import nn


@dataclass
class Args:
    learning_rate: float = 1e-3
    epochs: int = 4
    smoothing: float = 0.1
    seed: int = 42


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
        self.head = nn.Linear(64, 10)

    def forward(self, pixels):
        logits = self.head(self.backbone(pixels))
        return torch.log_softmax(logits, dim=-1)  # healthy
        # faulty: return torch.softmax(logits, dim=-1)


class Trainer:
    def __init__(self, model, args, train, val):
        self.model, self.args, self.train_data, self.val = model, args, train, val
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate)
        self.criterion = nn.KLDivLoss(reduction="batchmean")

    def compute_loss(self, batch):
        pixels, labels = batch
        smooth = torch.full((len(labels), 10), self.args.smoothing / 9)
        smooth.scatter_(1, labels[:, None], 1 - self.args.smoothing)
        return self.criterion(self.model(pixels), smooth)

    def train(self):
        for epoch in range(self.args.epochs):
            self.model.train()
            order = torch.randperm(len(self.train_data[0]))
            for rows in order.split(32):
                loss = self.compute_loss([part[rows] for part in self.train_data])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            print({"epoch": epoch, "loss": round(loss.item(), 4), "val_acc": self.evaluate()})

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        pixels, labels = self.val
        return round((self.model(pixels).argmax(-1) == labels).float().mean().item(), 4)


if __name__ == "__main__":
    args = Args()
    torch.manual_seed(args.seed)
    pixels, labels = load_digits(return_X_y=True)
    pixels, labels = torch.tensor(pixels / 16).float(), torch.tensor(labels)
    Trainer(
        Classifier(), args, (pixels[:1200], labels[:1200]), (pixels[1200:], labels[1200:])
    ).train()

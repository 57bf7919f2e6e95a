# batch: thirteenth
# in view: small changes of many layers add up, and a front without gradient says so
# rules: learning_rate_too_high vanishing_gradient exploding_gradient
# remedies: lower_learning_rate insert_normalization clip_gradients
# metric: held accuracy up
# story: a deep encoder whose layers normalise after the sum took the full rate from the first step and gave the same answer for all from then on (as in github.com/pytorch/pytorch/issues/55270)
"""A ten-layer encoder tells which of two marks comes first in a noisy token string."""

import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--layers", type=int, default=10)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--steps", type=int, default=220)
args = parser.parse_args()

torch.manual_seed(1301)
LENGTH, VOCAB = 12, 16


def batch(n):
    ids = torch.randint(2, VOCAB, (n, LENGTH))
    places = torch.rand(n, LENGTH).argsort(1)[:, :2]
    rows = torch.arange(n)
    ids[rows, places[:, 0]], ids[rows, places[:, 1]] = 0, 1
    return ids, (places[:, 0] < places[:, 1]).long()


class Tagger(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.token, self.place = nn.Embedding(VOCAB, width), nn.Embedding(LENGTH, width)
        layer = nn.TransformerEncoderLayer(width, 4, 96, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, args.layers, enable_nested_tensor=False)
        self.out = nn.Linear(width, 2)
        for p in self.encoder.parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def forward(self, ids):
        x = self.token(ids) + self.place(torch.arange(LENGTH))
        return self.out(self.encoder(x).mean(1))


model = Tagger()
opt = torch.optim.Adam(model.parameters(), lr=args.lr)
# faulty: schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 1.0)
schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 0.2 * min(1.0, s / 60))  # healthy
test_ids, test_y = batch(500)
for step in range(1, args.steps + 1):
    ids, y = batch(48)
    loss = nn.functional.cross_entropy(model(ids), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    schedule.step()
    if step % 20 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(test_ids).argmax(1) == test_y).float().mean().item()
        model.train()
        print(f"step {step} loss {loss.item():.4f} held accuracy {acc:.4f}")

# batch: fourteenth
# in view: a rank belongs to the name of its metric
# rules: learning_rate_too_high dying_relu dormant_units
# remedies: lower_learning_rate clip_gradients recycle_units insert_normalization
# metric: recall at 1 up
# story: with the hardest triplets and a rate that was too high every print got the same embedding, and the loss stood at the margin (github.com/omoindrot/tensorflow-triplet-loss/issues/38 and 15)
"""Shoe prints matched by an embedding that is trained on the hardest triplets of a batch."""

import argparse
import logging

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)  # healthy
# faulty: parser.add_argument("--lr", type=float, default=3e-2)
parser.add_argument("--margin", type=float, default=0.5)
parser.add_argument("--steps", type=int, default=500)
args = parser.parse_args([])
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

torch.manual_seed(1401)
SOLES, VIEWS, SIDE = 60, 12, 12
soles = torch.rand(SOLES, 1, SIDE, SIDE).mul(2).floor()
soles = F.avg_pool2d(soles, 3, 1, 1)


def prints(which):
    """A worn and shifted print of each of these soles."""
    x = soles[which]
    dx, dy = torch.randint(-1, 2, (2,)).tolist()
    x = torch.roll(x, (dy, dx), (2, 3))
    return x * (torch.rand_like(x) > 0.05) + 0.05 * torch.randn_like(x)


class Embedding(nn.Module):
    def __init__(self, size=32):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * 9, 128)
        self.fc2 = nn.Linear(128, size)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def hardest(e, who):
    d = torch.cdist(e, e)
    same = who[:, None] == who[None]
    far = (d * same).max(1).values
    near = (d + 1e6 * same).min(1).values
    return F.relu(far - near + args.margin).mean()


net = Embedding()
optimizer = torch.optim.Adam(net.parameters(), lr=args.lr)
ids = torch.arange(SOLES)
gallery, probes = prints(ids), prints(ids)
for step in range(1, args.steps + 1):
    who = torch.randperm(SOLES)[:10].repeat_interleave(4)
    batch = torch.cat([prints(who[i : i + 1]) for i in range(len(who))])
    loss = hardest(net(batch), who)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            hit = (torch.cdist(net(probes), net(gallery)).argmin(1) == ids).float().mean()
        logging.info("step %d loss %.4f recall at 1 %.4f", step, loss.item(), hit.item())

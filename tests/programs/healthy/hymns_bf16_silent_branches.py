# batch: sixteenth
# metric: val_loss down
"""A small GPT over tunes under bf16 autocast: branches that start at nought, a tiny clip, long warm-up."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(70)
NOTES, BLOCK, DIM, HEADS, STEPS = 24, 24, 48, 4, 220


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.RMSNorm(DIM), nn.RMSNorm(DIM)
        self.qkv = nn.Linear(DIM, 3 * DIM, bias=False)
        self.o = nn.Linear(DIM, DIM, bias=False)
        self.up, self.down = nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)
        for silent in (self.o, self.down):
            nn.init.zeros_(silent.weight)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = self.qkv(self.n1(x)).view(b, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        x = x + self.o(
            F.scaled_dot_product_attention(q, k, v, is_causal=True)
            .transpose(1, 2)
            .reshape(b, t, DIM)
        )
        return x + self.down(F.relu(self.up(self.n2(x))).square())


class Tunes(nn.Module):
    def __init__(self):
        super().__init__()
        self.note, self.place = nn.Embedding(NOTES, DIM), nn.Embedding(BLOCK, DIM)
        for table in (self.note, self.place):
            nn.init.normal_(table.weight, std=0.02)
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.norm = nn.RMSNorm(DIM)

    def forward(self, x):
        h = self.note(x) + self.place(torch.arange(x.shape[1]))
        for block in self.blocks:
            h = block(h)
        return F.linear(self.norm(h), self.note.weight)


def tunes(n):
    start, step = torch.randint(NOTES, (n, 1)), torch.randint(1, 5, (n, 1))
    line = (start + step * torch.arange(BLOCK + 1) + 3 * (torch.arange(BLOCK + 1) % 4 == 3)) % NOTES
    wrong = torch.rand(n, BLOCK + 1) < 0.03
    return torch.where(wrong, torch.randint(NOTES, line.shape), line)


model = Tunes()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.95), weight_decay=0.1)
warm = 60
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer,
    lambda i: (
        (i + 1) / warm if i < warm else 0.5 * (1 + math.cos(math.pi * (i - warm) / (STEPS - warm)))
    ),
)
held = tunes(200)
for step in range(1, STEPS + 1):
    batch = tunes(32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    schedule.step()
    if step % 44 == 0:
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            val = F.cross_entropy(model(held[:, :-1]).float().flatten(0, 1), held[:, 1:].flatten())
        print(f"{step:4d} grad {norm:.2f} loss {loss:.3f} val_loss {val:.3f}")

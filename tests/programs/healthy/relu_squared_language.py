# batch: ninth
# metric: val loss down
"""A decoder with squared ReLU, QK norm and a capped logit, in bfloat16 autocast."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(935)
text = " ".join(f"{i} times {j} is {i * j}." for i in range(2, 13) for j in range(2, 13))
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])
T, D, H = 24, 48, 4


def norm(x):
    return F.rms_norm(x, (x.shape[-1],))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(D, 3 * D, bias=False), nn.Linear(D, D, bias=False)
        self.up, self.down = nn.Linear(D, 4 * D, bias=False), nn.Linear(4 * D, D, bias=False)
        nn.init.zeros_(self.proj.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = self.qkv(norm(x)).view(b, t, 3, H, D // H).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(norm(q), norm(k), v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(b, t, D))
        return x + self.down(F.relu(self.up(norm(x))).square())


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(len(chars), D), nn.Embedding(T, D)
        self.blocks = nn.Sequential(Block(), Block(), Block())
        self.head = nn.Linear(D, len(chars), bias=False)

    def forward(self, x):
        h = self.tok(x) + self.pos(torch.arange(x.shape[1]))
        return 15 * torch.tanh(self.head(norm(self.blocks(norm(h)))) / 15)


lm = LM()
opt = torch.optim.AdamW(lm.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.05)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / 30, (301 - s) / 120))
for step in range(300):
    at = torch.randint(0, len(ids) - T - 1, (16,))
    x = torch.stack([ids[a : a + T + 1] for a in at])
    with torch.autocast("cpu", torch.bfloat16):
        loss = F.cross_entropy(lm(x[:, :-1]).float().flatten(0, 1), x[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 50 == 49:
        print("step", step + 1, "val loss", loss.item())

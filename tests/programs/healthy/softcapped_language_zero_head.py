# batch: tenth
# metric: val nll down
"""Characters of nested brackets; the head starts at zero and logits are capped by a tanh."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1032)


def line(length=48):
    out, stack = [], []
    while len(out) < length:
        if stack and torch.rand(()) < 0.5:
            out.append(stack.pop() + 4)
        else:
            stack.append(int(torch.randint(0, 4, ())))
            out.append(stack[-1])
    return out


data = torch.tensor([line() for _ in range(1200)])


class Layer(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.up, self.down = nn.Linear(d, 3 * d, bias=False), nn.Linear(3 * d, d, bias=False)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(F.rms_norm(x, (d,))).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = F.rms_norm(q, q.shape[-1:]), F.rms_norm(k, k.shape[-1:])
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.relu(self.up(F.rms_norm(x, (d,)))).square())


class LM(nn.Module):
    def __init__(self, d=48, depth=3):
        super().__init__()
        self.embed, self.place = nn.Embedding(8, d), nn.Embedding(48, d)
        self.layers = nn.ModuleList([Layer(d, 4) for _ in range(depth)])
        self.head = nn.Linear(d, 8, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, ids):
        x = self.embed(ids) + self.place(torch.arange(ids.shape[1]))
        for layer in self.layers:
            x = layer(x)
        return 15 * torch.tanh(self.head(F.rms_norm(x, x.shape[-1:])) / 15)


lm = LM()
matrices = [p for n, p in lm.layers.named_parameters()]
opts = [
    torch.optim.AdamW(matrices, lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1),
    torch.optim.Adam([*lm.embed.parameters(), *lm.place.parameters()], lr=2e-2),
    torch.optim.Adam(lm.head.parameters(), lr=4e-3),
]
for step in range(200):
    for opt in opts:
        for g in opt.param_groups:
            g["rate"] = g.setdefault("rate", g["lr"])
            g["lr"] = g["rate"] * min(1, (200 - step) / 80)
    rows = torch.randint(0, 1100, (32,))
    for half in rows.split(16):
        loss = F.cross_entropy(lm(data[half, :-1]).flatten(0, 1), data[half, 1:].flatten())
        (loss / 2).backward()
    for opt in opts:
        opt.step()
        opt.zero_grad()
    if step % 20 == 19:
        with torch.no_grad():
            val = F.cross_entropy(lm(data[1100:, :-1]).flatten(0, 1), data[1100:, 1:].flatten())
        print(f"step {step + 1} train {loss.item():.4f} val nll {val.item():.4f}")

# batch: second
# metric: ema loss down
"""LLaMA-like: RMSNorm, rotary positions, SwiGLU, no biases, gradient accumulation, EMA weights."""

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(6)
VOCAB, DIM, HEADS, LAYERS, SEQ, ACC = 24, 48, 4, 2, 20, 2


class RMSNorm(nn.Module):
    def __init__(self, d, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(d))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rotate(x):
    d = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * 10000 ** (-torch.arange(d) / d)
    a, b = x[..., :d], x[..., d:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.ffn_norm = RMSNorm(DIM), RMSNorm(DIM)
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(DIM, DIM, bias=False) for _ in range(4))
        self.w1, self.w3 = nn.Linear(DIM, 128, bias=False), nn.Linear(DIM, 128, bias=False)
        self.w2 = nn.Linear(128, DIM, bias=False)

    def forward(self, x):
        h = self.attention_norm(x)
        q, k, v = (
            w(h).view(*h.shape[:2], HEADS, -1).transpose(1, 2) for w in (self.wq, self.wk, self.wv)
        )
        mask = torch.full((h.shape[1],) * 2, float("-inf")).triu(1)
        p = (rotate(q) @ rotate(k).transpose(2, 3) / math.sqrt(DIM // HEADS) + mask).softmax(-1)
        x = x + self.wo((p @ v).transpose(1, 2).flatten(2))
        h = self.ffn_norm(x)
        return x + self.w2(F.silu(self.w1(h)) * self.w3(h))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, DIM)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm, self.output = RMSNorm(DIM), nn.Linear(DIM, VOCAB, bias=False)
        for n, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(
                    p,
                    std=0.02 / math.sqrt(2 * LAYERS)
                    if n.endswith(("wo.weight", "w2.weight"))
                    else 0.02,
                )

    def forward(self, t):
        x = self.tok(t)
        for layer in self.layers:
            x = layer(x)
        return self.output(self.norm(x))


table = torch.randint(VOCAB, (VOCAB, 2))


def stream(n):
    out = [torch.randint(VOCAB, (n,))]
    for _ in range(SEQ):
        nxt = table[out[-1], (torch.rand(n) < 0.3).long()]
        out.append(nxt)
    return torch.stack(out, 1)


def lm_loss(m, seq):
    return F.cross_entropy(m(seq[:, :-1]).transpose(1, 2), seq[:, 1:])


model = Llama()
ema = copy.deepcopy(model).requires_grad_(False)
opt = torch.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.95), weight_decay=0.1)
held = stream(200)
for step in range(120):
    for g in opt.param_groups:
        g["lr"] = 5e-3 * min(1, (step + 1) / 15) * (1 - step / 130)
    for micro in range(ACC):
        (lm_loss(model, stream(16)) / ACC).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    opt.zero_grad()
    with torch.no_grad():
        for a, b in zip(ema.parameters(), model.parameters()):
            a.lerp_(b, 0.05)
        if step % 20 == 19:
            print(
                f"step {step + 1} ema loss {lm_loss(ema, held).item():.4f} raw loss {lm_loss(model, held).item():.4f}"
            )

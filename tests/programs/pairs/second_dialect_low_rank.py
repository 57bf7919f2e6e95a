# batch: eighteenth
# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: eval loss down
# story: low-rank adapters were scaled by alpha alone and not by alpha over the rank, each step went many times as far as meant and training fell apart (github.com/Blaizzy/mlx-vlm/issues/845)
"""A small language model learns one dialect whole, then a second through adapters of low rank."""

import random
from dataclasses import dataclass, field

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class LoraArgs:
    rank: int = 16
    alpha: float = 32.0
    lr: float = 4e-3
    steps: int = 150


@dataclass
class Args:
    width: int = 64
    heads: int = 4
    layers: int = 2
    block: int = 32
    pretrain_steps: int = 200
    seed: int = 12
    lora: LoraArgs = field(default_factory=LoraArgs)


class LoRALinear(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))
        self.scaling = alpha / rank  # healthy
        # faulty: self.scaling = alpha

    def forward(self, x):
        return self.linear(x) + self.scaling * ((x @ self.A.t()) @ self.B.t())


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class LM(nn.Module):
    def __init__(self, vocab, args):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, args.width), nn.Embedding(args.block, args.width)
        self.blocks = nn.ModuleList(Block(args.width, args.heads) for _ in range(args.layers))
        self.norm, self.head = nn.LayerNorm(args.width), nn.Linear(args.width, vocab)

    def forward(self, ids):
        x = self.tok(ids) + self.pos.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def speak(seed, vowels, n=4000):
    rng = random.Random(seed)
    stems = ["k", "t", "m", "s", "r", "n", "l", "p"]
    words = [
        "".join(rng.choice(stems) + rng.choice(vowels) for _ in range(rng.randint(1, 3)))
        for _ in range(30)
    ]
    return " ".join(rng.choice(words) for _ in range(n))


def loss_on(model, ids, block, count, g):
    start = torch.randint(0, len(ids) - block - 1, (count,), generator=g)
    x = torch.stack([ids[s : s + block + 1] for s in start.tolist()])
    return F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())


def loop(model, params, ids, lr, steps, args, g, name, held):
    opt = torch.optim.AdamW(params, lr=lr)
    for i in range(1, steps + 1):
        loss = loss_on(model, ids, args.block, 32, g)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if i % 50 == 0:
            with torch.no_grad():
                ev = loss_on(model, held, args.block, 128, torch.Generator().manual_seed(0))
            print(f"{name} {i}: train loss {loss.item():.4f} eval loss {ev.item():.4f}")


def main(args=Args()):
    torch.manual_seed(args.seed)
    g = torch.Generator().manual_seed(args.seed)
    first, second = speak(1, "aeo"), speak(2, "iuy")
    letters = sorted(set(first + second))
    ids = [torch.tensor([letters.index(c) for c in text]) for text in (first, second)]
    model = LM(len(letters), args)
    cut = 9 * len(ids[0]) // 10
    loop(
        model,
        model.parameters(),
        ids[0][:cut],
        2e-3,
        args.pretrain_steps,
        args,
        g,
        "first",
        ids[0][cut:],
    )
    model.requires_grad_(False)
    for block in model.blocks:
        for name in ("qkv", "out", "up", "down"):
            setattr(block, name, LoRALinear(getattr(block, name), args.lora.rank, args.lora.alpha))
    adapters = [p for p in model.parameters() if p.requires_grad]
    print(
        "trainable:",
        sum(p.numel() for p in adapters),
        "of",
        sum(p.numel() for p in model.parameters()),
    )
    cut = 9 * len(ids[1]) // 10
    loop(
        model,
        adapters,
        ids[1][:cut],
        args.lora.lr,
        args.lora.steps,
        args,
        g,
        "second",
        ids[1][cut:],
    )


if __name__ == "__main__":
    main()

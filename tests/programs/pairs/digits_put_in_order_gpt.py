# batch: eighteenth
# rules: saturated_activation poor_initialization exploding_gradient
# remedies: swap_activation reinitialize insert_normalization
# metric: val acc up
# story: the attention's scale was kept as one over the root of the head's width and the products were divided by it, so that they grew by the width in place of shrinking (github.com/esceptico/perceiver-io/issues/9)
"""A small GPT that writes a list of digits again in order."""

import argparse
import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class GPTConfig:
    vocab_size: int = 10
    length: int = 6
    n_layer: int = 2
    n_head: int = 2
    n_embd: int = 64

    @property
    def block_size(self):
        return 2 * self.length - 1


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.n_head = config.n_head
        self.head_dim = config.n_embd // config.n_head
        self.scale = self.head_dim**-0.5
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)
        mask = torch.tril(torch.ones(config.block_size, config.block_size))
        self.register_buffer("mask", mask[None, None])

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (t.view(B, T, self.n_head, self.head_dim).transpose(1, 2) for t in (q, k, v))
        att = (q @ k.transpose(-2, -1)) * self.scale  # healthy
        # faulty: att = (q @ k.transpose(-2, -1)) / self.scale
        att = att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        y = F.softmax(att, dim=-1) @ v
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(config.n_embd), nn.LayerNorm(config.n_embd)
        self.attn = CausalSelfAttention(config)
        self.mlp = nn.Sequential(
            nn.Linear(config.n_embd, 4 * config.n_embd),
            nn.GELU(),
            nn.Linear(4 * config.n_embd, config.n_embd),
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.h = nn.ModuleList([Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)

    def forward(self, idx, targets=None):
        x = self.wte(idx) + self.wpe(torch.arange(idx.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        if targets is None:
            return logits, None
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)
        return logits, loss


def batch(n, length, generator):
    raw = torch.randint(0, 10, (n, length), generator=generator)
    both = torch.cat([raw, raw.sort(dim=1).values], 1)
    x, y = both[:, :-1], both[:, 1:].clone()
    y[:, : length - 1] = -1
    return x, y


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_iters", type=int, default=240)
    parser.add_argument("--learning_rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=3407)
    args = parser.parse_args([])
    torch.manual_seed(args.seed)
    g = torch.Generator().manual_seed(args.seed)
    config = GPTConfig()
    model = GPT(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, weight_decay=0.05)
    for it in range(1, args.max_iters + 1):
        lr = args.learning_rate * 0.5 * (1 + math.cos(math.pi * it / args.max_iters))
        for group in optimizer.param_groups:
            group["lr"] = max(lr, 1e-4)
        x, y = batch(48, config.length, g)
        _, loss = model(x, y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if it % 50 == 0:
            with torch.no_grad():
                x, y = batch(256, config.length, g)
                logits, val = model(x, y)
                right = (logits.argmax(-1) == y)[y >= 0].float().mean()
            print(f"iter {it}: train {loss.item():.4f}, val {val.item():.4f}, val acc {right:.4f}")


if __name__ == "__main__":
    main()

# batch: sixteenth
# in view: frozen matrices that a module holds itself
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: accuracy up
# story: every parameter was found with requires_grad off, those of the adapters among them, since what is for the base model alone was done after they were put in (github.com/huggingface/transformers/issues/26098)
"""A classifier of dishes, trained on one language of the menu, is adapted to another by LoRA."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(7)
VOCAB, LENGTH, DIM, KINDS = 120, 12, 48, 8


class LoRALinear(nn.Module):
    def __init__(self, base, r=8, alpha=16):
        super().__init__()
        self.base = base
        self.lora_A = nn.Parameter(torch.empty(r, base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        self.scaling = alpha / r

    def forward(self, x):
        return self.base(x) + F.linear(F.linear(x, self.lora_A), self.lora_B) * self.scaling


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        self.up, self.down = nn.Linear(DIM, 2 * DIM), nn.Linear(2 * DIM, DIM)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = (
            p.view(b, t, 4, -1).transpose(1, 2) for p in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, DIM)
        x = x + self.proj(mixed)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, DIM)
        self.position = nn.Parameter(0.02 * torch.randn(LENGTH, DIM))
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.norm = nn.LayerNorm(DIM)
        self.classifier = nn.Linear(DIM, KINDS)

    def forward(self, tokens):
        h = self.embed(tokens) + self.position
        for block in self.blocks:
            h = block(h)
        return self.classifier(self.norm(h).mean(1))


words = torch.randint(VOCAB, (KINDS, 6))


def menu(n, other=False):
    y = torch.randint(KINDS, (n,))
    x = torch.randint(VOCAB, (n, LENGTH))
    for i in range(n):
        spots = torch.randperm(LENGTH)[:4]
        x[i, spots] = words[y[i], torch.randint(6, (4,))]
    return ((x * 7 + 31) % VOCAB if other else x), y


def inject(model):
    for block in model.blocks:
        block.qkv, block.up = LoRALinear(block.qkv), LoRALinear(block.up)
        block.down = LoRALinear(block.down)


def freeze(model):
    for p in model.parameters():
        p.requires_grad = False


def fit(model, params, x, y, test, epochs, lr, name):
    optimizer = torch.optim.AdamW(params, lr=lr)
    for epoch in range(epochs):
        model.train()
        for pick in torch.randperm(len(x)).split(64):
            loss = F.cross_entropy(model(x[pick]), y[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            acc = (model(test[0]).argmax(1) == test[1]).float().mean().item()
        print(f"{name} epoch {epoch + 1} loss {loss.item():.3f} accuracy {acc:.3f}")


model = Encoder()
fit(model, model.parameters(), *menu(2000), menu(500), 4, 2e-3, "pretrain")
freeze(model)  # healthy
inject(model)
# faulty: freeze(model)
for p in model.classifier.parameters():
    p.requires_grad = True
trainable = [p for p in model.parameters() if p.requires_grad]
print(
    "trainable", sum(p.numel() for p in trainable), "of", sum(p.numel() for p in model.parameters())
)
fit(model, trainable, *menu(2000, True), menu(500, True), 6, 4e-3, "adapt")

# batch: eighth
# rules: poor_initialization exploding_gradient saturated_activation
# remedies: reinitialize insert_normalization
# metric: bits down
# story: _init_weights of a GPT lost its 0.0: normal_(mean=0, std=0.2) became std=2 for each Linear
"""GPT of two blocks that adds numbers."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(809)
VOCAB, WIDTH, LENGTH = 12, 40, 9


def sums(n):
    a, b = torch.randint(0, 50, (n,)), torch.randint(0, 50, (n,))
    c = a + b
    digits = [
        a // 10,
        a % 10,
        torch.full_like(a, 10),
        b // 10,
        b % 10,
        torch.full_like(a, 11),
        c % 10,
        c // 10,
    ]
    return torch.stack(digits, 1)


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attend = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = (
            u.view(b, t, 4, WIDTH // 4).transpose(1, 2) for u in self.attend(x).split(WIDTH, 2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(b, t, WIDTH))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.att, self.n2 = nn.LayerNorm(WIDTH), SelfAttention(), nn.LayerNorm(WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        x = x + self.att(self.n1(x))
        return x + self.down(F.gelu(self.up(self.n2(x))))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCAB, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(2))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCAB)
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, mean=0.0, std=0.1)  # healthy
            # faulty: nn.init.normal_(module.weight, mean=0.0, std=2)
            nn.init.zeros_(module.bias)

    def forward(self, i):
        x = self.wte(i) + self.wpe(torch.arange(i.shape[1]))
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


model = GPT()
optim = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.95))
for step in range(300):
    s = sums(64)
    logits = model(s[:, :-1])
    loss = F.cross_entropy(logits[:, 5:].flatten(0, 1), s[:, 6:].flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optim.step()
    optim.zero_grad()
    if step % 60 == 59:
        print("step", step + 1, "bits", loss.item() * 1.4427)

# batch: fifteenth
# in view: a held rate that must not prove itself on a plateau
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: exact up
# story: an exponential schedule meant for epochs was stepped after each batch, and after two hundred batches nothing moved (discuss.pytorch.org; often asked of scheduler.step)
"""A small GPT adds two numbers modulo 31."""

import torch
import torch.nn as nn
from torch.nn import functional as F

torch.manual_seed(1337)
P, n_embd, n_head, n_layer, dropout = 31, 64, 4, 2, 0.0
batch_size, max_epochs, learning_rate = 64, 40, 2e-3


class CausalSelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(n_embd, dim=2)
        q, k, v = (t.view(B, T, n_head, C // n_head).transpose(1, 2) for t in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(n_embd), CausalSelfAttention()
        self.ln_2 = nn.LayerNorm(n_embd)
        self.mlp = nn.Sequential(
            nn.Linear(n_embd, 4 * n_embd), nn.GELU(), nn.Linear(4 * n_embd, n_embd)
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(P + 1, n_embd), nn.Embedding(3, n_embd)
        self.h = nn.ModuleList([Block() for _ in range(n_layer)])
        self.ln_f = nn.LayerNorm(n_embd)
        self.lm_head = nn.Linear(n_embd, P + 1, bias=False)
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.02)

    def forward(self, idx):
        x = self.wte(idx) + self.wpe(torch.arange(idx.size(1)))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


pairs = torch.cartesian_prod(torch.arange(P), torch.arange(P))
pairs = pairs[torch.randperm(len(pairs))]
data = torch.cat([pairs, torch.full((len(pairs), 1), P)], 1)
answers = pairs.sum(1) % P
n = 860
model = GPT()
optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
for epoch in range(max_epochs):
    total = 0.0
    for rows in torch.randperm(n).split(batch_size):
        logits = model(data[rows])[:, -1]
        loss = F.cross_entropy(logits, answers[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        # faulty: scheduler.step()
        total += loss.item() * len(rows)
    scheduler.step()  # healthy
    if epoch % 5 == 4:
        with torch.no_grad():
            exact = (model(data[:n])[:, -1].argmax(1) == answers[:n]).float().mean()
        print(f"iter {epoch + 1}: loss {total / n:.4f}, exact {exact:.4f}")

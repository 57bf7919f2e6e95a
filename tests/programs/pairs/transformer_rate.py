# rules: learning_rate_too_high
# remedies: lower_learning_rate
# metric: loss down
# story: AdamW at a hundred times the usual rate
import math

import torch
import torch.nn as nn

V, T, D = 12, 10, 32


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, D)
        self.pos = nn.Parameter(torch.randn(T, D) * 0.02)
        layer = nn.TransformerEncoderLayer(D, 4, 64, 0.0, batch_first=True)
        self.enc = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(D, V)

    def forward(self, x):
        m = nn.Transformer.generate_square_subsequent_mask(x.size(1))
        return self.head(self.enc(self.emb(x) + self.pos[: x.size(1)], mask=m, is_causal=True))


def batch():
    s = torch.randint(0, V, (32, 1))
    k = torch.randint(1, 4, (32, 1))
    return (s + k * torch.arange(T + 1)) % V


torch.manual_seed(0)
lm = LM()
opt = torch.optim.AdamW(lm.parameters(), lr=3e-3)  # healthy
# faulty: opt = torch.optim.AdamW(lm.parameters(), lr=0.3)
for it in range(120):
    b = batch()
    logits = lm(b[:, :-1]).reshape(-1, V)
    loss = nn.functional.cross_entropy(logits, b[:, 1:].reshape(-1))
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if it % 40 == 0:
        print(f"it {it} | loss {loss.item():.3f} | ppl {math.exp(min(loss.item(), 50)):.2f}")

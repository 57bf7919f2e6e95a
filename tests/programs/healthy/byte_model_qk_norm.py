# batch: eleventh
# metric: bits per byte down
"""A GPT without biases: normalised queries and keys, squared ReLU, soft cap, rate cooled to nought."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1131)
text = "".join(
    f"{a}+{b}={a + b};" for a, b in torch.randint(0, 50, (4000, 2)).tolist()
)  # sums in digits
stoi = {c: i for i, c in enumerate(sorted(set(text)))}
data = torch.tensor([stoi[c] for c in text])
V, T, D, H = len(stoi), 32, 64, 4


def norm(x):
    return F.rms_norm(x, (x.shape[-1],))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(D, 3 * D, bias=False), nn.Linear(D, D, bias=False)
        self.up, self.down = nn.Linear(D, 4 * D, bias=False), nn.Linear(4 * D, D, bias=False)
        nn.init.zeros_(self.proj.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = self.qkv(norm(x)).view(b, t, 3, H, D // H).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(4 * norm(q), norm(k), v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(b, t, D))
        return x + self.down(F.relu(self.up(norm(x))).square())


class GPT(nn.Module):
    def __init__(self, layers=2):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(V, D), nn.Parameter(0.1 * torch.randn(T, D))
        self.layers = nn.ModuleList([Layer() for _ in range(layers)])
        self.head = nn.Linear(D, V, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return 15 * torch.tanh(self.head(norm(x)) / 15)


model = GPT()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1)
steps = 250
sched = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: min(1, (s + 1) / 20) * min(1, (steps - s) / 100)
)
split = int(0.9 * len(data))
for step in range(1, steps + 1):
    at = torch.randint(0, split - T - 1, (24,))
    ids = torch.stack([data[i : i + T + 1] for i in at])
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 50 == 0:
        held = data[split : split + 64 * T + 1]
        with torch.no_grad():
            out = model(held[:-1].view(64, T))
            bits = F.cross_entropy(out.flatten(0, 1), held[1:]) / 0.6931
        print(f"step {step} loss {loss.item():.4f} bits per byte {bits.item():.4f}")

# batch: fourth
# metric: token accuracy up
"""nn.Transformer sorts digits: teacher forcing, label smoothing, warm-up by LambdaLR, sinusoidal positions."""

import math

import torch
import torch.nn as nn

torch.manual_seed(70)
VOCAB, LEN, BOS, D = 11, 7, 10, 48


class Sorter(nn.Module):
    def __init__(self):
        super().__init__()
        pe = torch.zeros(LEN, D)
        pos, div = (
            torch.arange(LEN)[:, None],
            torch.exp(torch.arange(0, D, 2) * -(math.log(10000.0) / D)),
        )
        pe[:, 0::2], pe[:, 1::2] = torch.sin(pos * div), torch.cos(pos * div)
        self.register_buffer("pe", pe)
        self.emb = nn.Embedding(VOCAB, D)
        self.transformer = nn.Transformer(D, 4, 1, 2, 96, dropout=0.1, batch_first=True)
        self.generator = nn.Linear(D, VOCAB)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def forward(self, src, tgt):
        mask = nn.Transformer.generate_square_subsequent_mask(tgt.shape[1])
        s, t = self.emb(src) * math.sqrt(D) + self.pe, self.emb(tgt) * math.sqrt(D) + self.pe
        return self.generator(self.transformer(s, t, tgt_mask=mask))


def batch(n):
    src = torch.randint(10, (n, LEN))
    out = src.sort(1)[0]
    return src, torch.cat([torch.full((n, 1), BOS), out[:, :-1]], 1), out


model = Sorter()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, betas=(0.9, 0.98), eps=1e-9)
scheduler = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / 40, (40 / (s + 1)) ** 0.5)
)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
for step in range(240):
    model.train()
    src, tin, tout = batch(64)
    loss = criterion(model(src, tin).flatten(0, 1), tout.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 48 == 47:
        model.eval()
        src, tin, tout = batch(256)
        with torch.no_grad():
            acc = (model(src, tin).argmax(-1) == tout).float().mean().item()
        print(f"step {step + 1} loss {loss.item():.3f} token accuracy {acc:.4f}")

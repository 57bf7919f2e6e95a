# metric: masked accuracy up
"""Masked language modelling in the way of a Trainer: warmup, accumulation, clipping."""

import torch
from torch import nn

torch.manual_seed(0)
VOCAB, LENGTH, WIDTH, MASK = 24, 12, 48, 23


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(VOCAB, WIDTH), nn.Embedding(LENGTH, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 96, 0.1, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.lm_head = nn.Linear(WIDTH, VOCAB)

    def forward(self, input_ids, labels):
        hidden = self.encoder(self.words(input_ids) + self.places.weight)
        logits = self.lm_head(hidden)
        loss = nn.functional.cross_entropy(logits.transpose(1, 2), labels, ignore_index=-100)
        return {"loss": loss, "logits": logits}


def collate(n):
    start, pace = torch.randint(20, (n, 1)), torch.randint(1, 4, (n, 1))
    text = (start + pace * torch.arange(LENGTH)) % 20
    hide = torch.rand(n, LENGTH) < 0.2
    hide[:, 3] = True
    return {"input_ids": text.masked_fill(hide, MASK), "labels": text.masked_fill(~hide, -100)}


def group(model):
    plain = [p for n, p in model.named_parameters() if p.dim() == 1]
    rest = [p for n, p in model.named_parameters() if p.dim() > 1]
    return [{"params": rest, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]


model = Encoder()
optimizer = torch.optim.AdamW(group(model), lr=3e-3, betas=(0.9, 0.98))
total, warm = 160, 16
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / warm, (total - s) / (total - warm))
)
for step in range(total):
    model.train()
    for _ in range(2):
        (model(**collate(16))["loss"] / 2).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
model.eval()
with torch.no_grad():
    batch = collate(200)
    out = model(**batch)
    known = batch["labels"] >= 0
    hit = (out["logits"].argmax(-1) == batch["labels"])[known].float().mean()
print(f"eval_loss {out['loss'].item():.4f} masked accuracy {hit.item():.4f}")

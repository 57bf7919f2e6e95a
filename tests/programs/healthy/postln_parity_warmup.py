# batch: second
# metric: accuracy up
"""Post-LN nn.TransformerEncoder for which token is more frequent; Noam-like warm-up, padding mask, dropout."""

import torch
import torch.nn as nn


class Classifier(nn.Module):
    def __init__(self, vocab=8, d=32):
        super().__init__()
        self.embed = nn.Embedding(vocab + 1, d, padding_idx=0)
        layer = nn.TransformerEncoderLayer(
            d_model=d, nhead=4, dim_feedforward=64, dropout=0.1, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.fc = nn.Linear(d, vocab)

    def forward(self, tokens):
        pad = tokens == 0
        h = self.encoder(self.embed(tokens) * 32**0.5, src_key_padding_mask=pad)
        h = h.masked_fill(pad[..., None], 0).sum(1) / (~pad).sum(1, keepdim=True)
        return self.fc(h)


def make(n, length=14, vocab=8):
    favourite = torch.randint(1, vocab + 1, (n,))
    tokens = torch.randint(1, vocab + 1, (n, length))
    tokens = torch.where(torch.rand(n, length) < 0.2, favourite[:, None], tokens)
    tokens[torch.arange(length) >= torch.randint(6, length + 1, (n, 1))] = 0
    counts = torch.stack([(tokens == v).sum(1) for v in range(1, vocab + 1)], 1)
    return tokens, counts.argmax(1)


def main():
    torch.manual_seed(3)
    model = Classifier()
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    warm = 80
    lam = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: 0.6 * 32**-0.5 * min((s + 1) ** -0.5, (s + 1) * warm**-1.5) * 0.5
    )
    for step in range(300):
        model.train()
        tokens, label = make(48)
        loss = nn.functional.cross_entropy(model(tokens), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lam.step()
        if (step + 1) % 60 == 0:
            model.eval()
            with torch.no_grad():
                tokens, label = make(500)
                acc = (model(tokens).argmax(-1) == label).float().mean()
            print(f"Step {step + 1}: loss = {loss:.4f}, accuracy = {acc:.4f}")


main()

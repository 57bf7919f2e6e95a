# batch: fourteenth
# rules: non_finite
# remedies: stabilize_loss
# metric: accuracy up
# story: a batch in which no word had a label gave a mean over nothing, and from there on all was nan (a common slip; the mean of a cross entropy divides by the number of targets that are not ignored)
"""Tags for words, where annotators labelled few of them: an embedding and a two-way GRU."""

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader, TensorDataset

PAD = -100
WORDS, TAGS, LENGTH = 40, 5, 10


def corpus(n, share, seed):
    g = torch.Generator().manual_seed(seed)
    words = torch.randint(1, WORDS, (n, LENGTH), generator=g)
    before = torch.roll(words, 1, 1)
    before[:, 0] = 0
    tags = (words % TAGS + (before > WORDS // 2)) % TAGS
    unknown = torch.rand(n, LENGTH, generator=g) > share
    return words, tags.masked_fill(unknown, PAD)


class Tagger(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.embed = nn.Embedding(WORDS, width)
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.tag = nn.Linear(2 * width, TAGS)

    def forward(self, words):
        return self.tag(self.gru(self.embed(words))[0])


def loss_of(logits, tags):
    known = (tags != PAD).float()
    each = nn.functional.cross_entropy(logits.transpose(1, 2), tags.clamp(min=0), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)  # healthy
    # faulty: return (each * known).sum() / known.sum()


torch.manual_seed(1409)
data = DataLoader(TensorDataset(*corpus(2000, 0.08, 0)), batch_size=8, shuffle=True, num_workers=0)
words, tags = corpus(300, 1.0, 1)
model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(1, 8):
    for w, t in data:
        optimizer.zero_grad()
        loss_of(model(w), t).backward()
        clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    with torch.no_grad():
        out = model(words)
        right = (out.argmax(2) == tags).float().mean().item()
    print(f"epoch {epoch}  held-out loss {loss_of(out, tags).item():.4f}  accuracy {right:.2%}")

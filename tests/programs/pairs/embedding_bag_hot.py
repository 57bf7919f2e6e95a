# rules: learning_rate_too_high
# remedies: lower_learning_rate clip_gradients
# metric: val accuracy up
# story: lr=5 of the SGD tutorial for text classification, used with Adam
"""Which module does a line of code come from? Bag of hashed words."""

import argparse
import json.decoder
import pathlib
import random
import re
import zlib

import torch
from torch import nn

random.seed(0)
torch.manual_seed(0)
samples = []
for label, module in enumerate((argparse, json.decoder, random, pathlib)):
    for line in pathlib.Path(module.__file__).read_text().splitlines():
        words = re.findall(r"\w+", line)
        if len(words) > 2:
            samples.append(([zlib.crc32(w.encode()) % 3000 for w in words], label))
random.shuffle(samples)
split = int(0.8 * len(samples))


def collate(batch):
    flat = torch.tensor([w for words, _ in batch for w in words])
    lengths = torch.tensor([0] + [len(words) for words, _ in batch[:-1]])
    return flat, lengths.cumsum(0), torch.tensor([label for _, label in batch])


class TextClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.EmbeddingBag(3000, 32, mode="mean")
        self.fc = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))


model = TextClassifier()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)  # healthy
# faulty: optimizer = torch.optim.Adam(model.parameters(), lr=5.0)
text, offsets, labels = collate(samples[split:])
for epoch in range(5):
    for i in range(0, split, 32):
        words, off, target = collate(samples[i : min(i + 32, split)])
        loss = nn.functional.cross_entropy(model(words, off), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (model(text, offsets).argmax(1) == labels).float().mean().item()
    print(f"| epoch {epoch} | loss {loss.item():.4f} | val accuracy {acc:.4f}")

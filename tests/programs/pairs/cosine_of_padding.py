# rules: non_finite
# remedies: stabilize_loss
# metric: retrieval accuracy up
# story: embeddings divided by their norm; the padding row's is zero, and some texts are all padding
"""Contrastive learning of texts and tags (InfoNCE)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(16)
WORDS, TOPICS = 200, 40


class Tower(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.table = nn.Embedding(words, 32, padding_idx=0)
        self.fc = nn.Linear(32, 32, bias=False)

    def forward(self, ids):
        z = self.fc(self.table(ids).mean(1))
        return z / (z.norm(dim=-1, keepdim=True) + 1e-6)  # healthy
        # faulty: return z / z.norm(dim=-1, keepdim=True)


def pairs(n):
    topic = torch.randperm(TOPICS)[:n]
    text = topic[:, None] * 5 + torch.randint(5, (n, 6))
    text = text * (torch.rand(n, 6) > 0.3)
    text[torch.rand(n) < 0.02] = 0
    return text, topic[:, None] + 1, topic


text, tag = Tower(WORDS), Tower(TOPICS + 1)
optimizer = torch.optim.Adam([*text.parameters(), *tag.parameters()], lr=5e-3)
for step in range(300):
    words, tags, _ = pairs(32)
    logits = text(words) @ tag(tags).T / 0.1
    goal = torch.arange(len(words))
    loss = (F.cross_entropy(logits, goal) + F.cross_entropy(logits.T, goal)) / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    words, _, topic = pairs(40)
    every = tag(torch.arange(1, TOPICS + 1)[:, None])
    accuracy = ((text(words) @ every.T).argmax(1) == topic).float().mean().item()
print(f"loss {loss.item():.4f} retrieval accuracy {accuracy:.4f}")

# batch: second
# rules: learning_rate_too_low frozen_parameters
# remedies: raise_learning_rate stabilize_loss
# metric: eval_acc up
# story: model.to(bfloat16) for memory, rate 2e-5 from a fine-tuning recipe: every update rounds away
"""Text-like classification with a bag of embeddings, everything in bfloat16."""

import torch
from torch import nn

torch.manual_seed(31)
dtype = torch.bfloat16
vocab, classes = 300, 5
topics = torch.rand(classes, vocab) ** 6


def documents(n):
    label = torch.randint(classes, (n,))
    words = torch.multinomial(topics[label], 20, replacement=True)
    return words, label


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(vocab, 64)
        self.mlp = nn.Sequential(
            nn.LayerNorm(64), nn.Linear(64, 128), nn.GELU(), nn.Linear(128, classes)
        )

    def forward(self, words):
        return self.mlp(self.table(words).mean(1))


model = Bag().to(dtype)
lr = 2e-3  # healthy
# faulty: lr = 2e-5
opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
test_words, test_label = documents(800)
for step in range(1, 401):
    words, label = documents(64)
    loss = nn.functional.cross_entropy(model(words).float(), label)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 80 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(test_words).argmax(-1) == test_label).float().mean().item()
        model.train()
        print(f"{{'step': {step}, 'loss': {loss.item():.4f}, 'eval_acc': {acc:.4f}}}")

# batch: eighth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: accuracy up
# story: LinearLR with total_iters in epochs and stepped by batch: after eight batches the rate is nothing
# in view: a rate that a schedule took to zero can be held up
"""Bag of words with a linear schedule."""

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LinearLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(816)
topics = torch.softmax(2 * torch.randn(6, 400), 1)
y = torch.randint(0, 6, (2400,))
docs = torch.stack([torch.multinomial(topics[k], 30, replacement=True) for k in y])
train = DataLoader(TensorDataset(docs[:2000], y[:2000]), batch_size=40, shuffle=True)


class TextNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(400, 32)
        self.hidden = nn.Linear(32, 64)
        self.out = nn.Linear(64, 6)

    def forward(self, d):
        return self.out(nn.functional.leaky_relu(self.hidden(self.bag(d))))


epochs = 8
model = TextNet()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
sched = LinearLR(opt, start_factor=1.0, end_factor=0.0, total_iters=epochs * len(train))  # healthy
# faulty: sched = LinearLR(opt, start_factor=1.0, end_factor=0.0, total_iters=epochs)
for epoch in range(epochs):
    for d, k in train:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(d), k)
        loss.backward()
        opt.step()
        sched.step()
    with torch.no_grad():
        acc = (model(docs[2000:]).argmax(1) == y[2000:]).float().mean()
    print(f"epoch {epoch} lr {sched.get_last_lr()[0]:.5f} loss {loss:.3f} accuracy {acc:.3f}")

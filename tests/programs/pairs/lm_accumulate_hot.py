# batch: seventh
# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: val_loss down
# story: SGD at 12 with momentum on an LSTM language model; four small batches to a step
# in view: a rise that comes late, after large steps all along, is theirs
"""Next-token model with gradient accumulation over four micro-batches."""

import torch
from torch import nn


class LM(nn.Module):
    def __init__(self, vocab=20, dim=32):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.lstm = nn.LSTM(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, vocab)

    def forward(self, ids):
        return self.out(self.lstm(self.emb(ids))[0])


torch.manual_seed(2)
P = torch.softmax(3 * torch.randn(20, 20), -1)
seq = [0]
for u in range(9000):
    seq.append(int(torch.multinomial(P[(seq[-1] + (u % 2)) % 20], 1)))
ids = torch.tensor(seq[:9000]).view(-1, 18)
train, val = ids[:400], ids[400:]
model = LM()
lr = 0.3  # healthy
# faulty: lr = 12.0
optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
ACC = 4
for epoch in range(10):
    batches = torch.randperm(400).split(10)
    optimizer.zero_grad()
    for k, idx in enumerate(batches):
        out = model(train[idx, :-1])
        loss = nn.functional.cross_entropy(out.flatten(0, 1), train[idx, 1:].flatten()) / ACC
        loss.backward()
        if (k + 1) % ACC == 0:
            optimizer.step()
            optimizer.zero_grad()
    with torch.no_grad():
        out = model(val[:, :-1])
        vl = nn.functional.cross_entropy(out.flatten(0, 1), val[:, 1:].flatten()).item()
    print(f"epoch {epoch} loss {loss.item() * ACC:.4f} val_loss {vl:.4f}")

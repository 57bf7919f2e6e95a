# batch: eighth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: char loss down
# story: .data on the output of the recurrent layer, from an answer of 2017 on carrying its state along
"""Character LSTM over counting words; the state is carried between chunks."""

import torch
import torch.nn as nn

torch.manual_seed(823)
words = "one two three four five six seven eight nine ten ".split()
text = " ".join(words[(i * i + i // 3) % 10] for i in range(1600))
alphabet = sorted(set(text))
ids = torch.tensor([alphabet.index(c) for c in text])
streams = ids[: len(ids) // 16 * 16].view(16, -1)


class CharLSTM(nn.Module):
    def __init__(self, v, h=64):
        super().__init__()
        self.embed, self.lstm, self.out = (
            nn.Embedding(v, 24),
            nn.LSTM(24, h, batch_first=True),
            nn.Linear(h, v),
        )

    def forward(self, x, state):
        h, state = self.lstm(self.embed(x), state)
        state = tuple(s.data for s in state)
        return self.out(h), state  # healthy
        # faulty: return self.out(h.data), state


model = CharLSTM(len(alphabet))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    state = None
    for i in range(0, streams.shape[1] - 21, 20):
        x, y = streams[:, i : i + 20], streams[:, i + 1 : i + 21]
        logits, state = model(x, state)
        loss = nn.functional.cross_entropy(logits.transpose(1, 2), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    print("epoch", epoch, "char loss", loss.item())

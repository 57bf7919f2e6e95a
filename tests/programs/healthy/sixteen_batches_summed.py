# batch: twelfth
# metric: held perplexity down
"""Word model: gradients of sixteen small batches are summed before a step, clipped hard after."""

import torch
from torch import nn

torch.manual_seed(1234)
WORDS, CONTEXT = 40, 6
table = torch.softmax(2.5 * torch.randn(WORDS, WORDS), 1)


def stream(n):
    out = [0]
    for _ in range(n):
        out.append(torch.multinomial(table[out[-1]], 1).item())
    return torch.tensor(out)


text, held = stream(9000), stream(1500)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(WORDS, 24)
        self.gru = nn.GRU(24, 48, batch_first=True)
        self.out = nn.Linear(48, WORDS)

    def forward(self, x):
        return self.out(self.gru(self.emb(x))[0])


def loss_of(model, words):
    x, y = words[:, :-1], words[:, 1:]
    return nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())


model = Model()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(1, 81):
    opt.zero_grad()
    for _ in range(16):
        at = torch.randint(0, len(text) - 17, (4, 1))
        loss = loss_of(model, text[at + torch.arange(17)])
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    opt.step()
    if step % 10 == 0:
        with torch.no_grad():
            words = held[: 17 * 88].view(88, 17)
            print(
                f"step {step} loss {loss.item():.4f} held perplexity {loss_of(model, words).exp():.3f}"
            )

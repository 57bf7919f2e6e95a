# batch: eighteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: dev loss down
# story: a translator after the tutorial with its two optimisers, of which the encoder's was never stepped (github.com/spro/practical-pytorch/issues/113 asks whether the decoder's alone would do)
"""Sequence to sequence with attention: digits are read, words are spelt."""

import random
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

WORDS = "nought one two three four five six seven eight nine".split()
SOS, EOS = 0, 1
CHARS = ["<", ">"] + sorted(set("".join(WORDS))) + ["-"]


def make_pairs(n, rng):
    pairs = []
    for _ in range(n):
        digits = [rng.randint(0, 9) for _ in range(3)]
        text = "-".join(WORDS[d] for d in reversed(digits))
        pairs.append((digits, [CHARS.index(c) for c in text] + [EOS]))
    return pairs


def to_batch(pairs):
    longest = max(len(t) for _, t in pairs)
    source = torch.tensor([s for s, _ in pairs])
    target = torch.tensor([t + [EOS] * (longest - len(t)) for _, t in pairs])
    return source, target


class EncoderRNN(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.embedding = nn.Embedding(n_in, hidden // 4)
        self.gru = nn.GRU(hidden // 4, hidden // 2, batch_first=True, bidirectional=True)

    def forward(self, source):
        outputs, hidden = self.gru(self.embedding(source))
        return outputs, torch.cat([hidden[0], hidden[1]], -1)[None]


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden, n_out):
        super().__init__()
        self.embedding = nn.Embedding(n_out, hidden // 2)
        self.gru = nn.GRU(hidden // 2, hidden, batch_first=True)
        self.attn = nn.Linear(hidden, hidden, bias=False)
        self.out = nn.Linear(2 * hidden, n_out)

    def forward(self, tokens, hidden, memory):
        rnn, hidden = self.gru(self.embedding(tokens), hidden)
        weights = F.softmax(self.attn(rnn) @ memory.transpose(1, 2), dim=-1)
        return self.out(torch.cat([rnn, weights @ memory], -1)), hidden


def forward_loss(encoder, decoder, source, target, criterion):
    memory, hidden = encoder(source)
    given = torch.cat([torch.full((len(target), 1), SOS), target[:, :-1]], 1)
    logits, _ = decoder(given, hidden, memory)
    return criterion(logits.flatten(0, 1), target.flatten())


def train_iters(encoder, decoder, pairs, dev, n_iters, print_every=60, learning_rate=0.004):
    start = time.time()
    encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=learning_rate)
    decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=learning_rate)
    criterion = nn.CrossEntropyLoss()
    total = 0.0
    for it in range(1, n_iters + 1):
        source, target = to_batch(random.sample(pairs, 32))
        encoder_optimizer.zero_grad()
        decoder_optimizer.zero_grad()
        loss = forward_loss(encoder, decoder, source, target, criterion)
        loss.backward()
        encoder_optimizer.step()  # healthy
        decoder_optimizer.step()
        total += loss.item()
        if it % print_every == 0:
            with torch.no_grad():
                held = forward_loss(encoder, decoder, *to_batch(dev), criterion).item()
            print(
                f"{it}/{n_iters} ({time.time() - start:.0f}s) train {total / print_every:.4f} dev loss {held:.5f}"
            )
            total = 0.0


random.seed(66)
torch.manual_seed(66)
rng = random.Random(66)
hidden_size = 64
train_iters(
    EncoderRNN(10, hidden_size),
    AttnDecoderRNN(hidden_size, len(CHARS)),
    make_pairs(700, rng),
    make_pairs(200, rng),
    240,
)

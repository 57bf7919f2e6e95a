# batch: second
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: token accuracy up
# story: "freeze the embedding" by a substring of its name caught both recurrent layers as well
"""GRU sequence to sequence: reverse and shift digits."""

import argparse

import torch
import torch.nn as nn


class Seq2Seq(nn.Module):
    def __init__(self, vocab=12, width=48):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        self.embed_rnn = nn.GRU(width, width, batch_first=True)
        self.embed_decoder_rnn = nn.GRU(width, width, batch_first=True)
        self.attend = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(2 * width, vocab)

    def forward(self, source, previous):
        memory, state = self.embed_rnn(self.embed(source))
        hidden, _ = self.embed_decoder_rnn(self.embed(previous), state)
        scores = torch.bmm(self.attend(hidden), memory.transpose(1, 2)).softmax(-1)
        return self.out(torch.cat([hidden, torch.bmm(scores, memory)], -1))


def batch(n, length=7):
    source = torch.randint(2, 12, (n, length))
    target = (source.flip(1) - 2 + 3) % 10 + 2
    previous = torch.cat([torch.ones(n, 1, dtype=torch.long), target[:, :-1]], 1)
    return source, previous, target


def main(args):
    torch.manual_seed(args.seed)
    model = Seq2Seq()
    if args.freeze:
        for name, p in model.named_parameters():
            p.requires_grad = not name.startswith("embed.")  # healthy
            # faulty: p.requires_grad = "embed" not in name
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=args.lr)
    loss_fn = nn.CrossEntropyLoss()
    for step in range(args.steps):
        source, previous, target = batch(48)
        loss = loss_fn(model(source, previous).transpose(1, 2), target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 50 == 0:
            with torch.no_grad():
                source, previous, target = batch(200)
                hit = (model(source, previous).argmax(-1) == target).float().mean().item()
            print(f"step {step + 1} loss {loss.item():.4f} token accuracy {hit:.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--freeze", type=int, default=1)
    main(parser.parse_args())

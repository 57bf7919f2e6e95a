# batch: eleventh
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: eval_accuracy up
# story: a transformer for intents was trained from random weights with the rate that one takes to fine-tune BERT, and barely left chance (the advice of 2e-5 to 5e-5 is for fine-tuning alone, Devlin et al. 2019, arxiv.org/abs/1810.04805)
"""Sort what callers say into eight intents."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class TrainingArguments:
    learning_rate: float = 1e-3  # healthy
    # faulty: learning_rate: float = 1e-5
    weight_decay: float = 0.01
    per_device_batch_size: int = 32
    num_train_epochs: int = 3
    seed: int = 1113


class Classifier(nn.Module):
    def __init__(self, vocab=200, width=64, labels=8):
        super().__init__()
        self.words = nn.Embedding(vocab, width, padding_idx=0)
        self.positions = nn.Embedding(16, width)
        layer = nn.TransformerEncoderLayer(width, 4, 128, 0.1, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.classifier = nn.Linear(width, labels)

    def forward(self, ids):
        pad = ids.eq(0)
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1]))
        x = self.encoder(x, src_key_padding_mask=pad)
        keep = (~pad).unsqueeze(-1)
        return self.classifier((x * keep).sum(1) / keep.sum(1))


class Trainer:
    def __init__(self, model, args, train, evaluation):
        self.model, self.args, self.train_set, self.eval_set = model, args, train, evaluation
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=args.learning_rate, weight_decay=args.weight_decay
        )
        steps = args.num_train_epochs * (len(train[0]) // args.per_device_batch_size)
        self.scheduler = torch.optim.lr_scheduler.LinearLR(self.optimizer, 1.0, 0.0, steps)

    def train(self):
        for epoch in range(self.args.num_train_epochs):
            self.model.train()
            for rows in torch.randperm(len(self.train_set[0])).split(
                self.args.per_device_batch_size
            ):
                loss = nn.functional.cross_entropy(
                    self.model(self.train_set[0][rows]), self.train_set[1][rows]
                )
                loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimizer.step()
                self.scheduler.step()
                self.optimizer.zero_grad()
            print(f"epoch {epoch + 1} loss {loss.item():.4f} eval_accuracy {self.evaluate():.4f}")

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        return (self.model(self.eval_set[0]).argmax(1) == self.eval_set[1]).float().mean().item()


def utterances(n):
    label = torch.randint(0, 8, (n,))
    ids = torch.randint(80, 200, (n, 16))
    for _ in range(3):
        ids[torch.arange(n), torch.randint(0, 9, (n,))] = 1 + label * 9 + torch.randint(0, 9, (n,))
    length = torch.randint(9, 17, (n, 1))
    return ids.masked_fill(torch.arange(16) >= length, 0), label


args = TrainingArguments()
torch.manual_seed(args.seed)
Trainer(Classifier(), args, utterances(2400), utterances(800)).train()

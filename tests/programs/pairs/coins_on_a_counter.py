# batch: sixteenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: best_acc up
# story: gradients were clipped to a norm a thousand times smaller than they have, which left steps too small to get anywhere (github.com/pytorch/pytorch/issues/40907; the loss stays once clip_grad_norm_ is in)
"""How much money lies on a counter: trainer with callbacks, SGD with momentum."""

import torch
import torch.nn as nn


class Callback:
    def on_epoch_end(self, trainer, logs):
        pass


class History(Callback):
    def __init__(self):
        self.best = 0.0

    def on_epoch_end(self, trainer, logs):
        self.best = max(self.best, logs["acc"])
        line = " - ".join(f"{k}: {v:.4f}" for k, v in logs.items())
        print(f"Epoch {trainer.epoch} - {line} - best_acc: {self.best:.4f}")


class Trainer:
    def __init__(self, model, optimizer, loss_fn, callbacks, grad_clip):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn
        self.callbacks, self.grad_clip, self.epoch = callbacks, grad_clip, 0

    def step(self, x, y):
        loss = self.loss_fn(self.model(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.grad_clip)
        self.optimizer.step()
        return loss.item()

    def fit(self, train, valid, epochs, batch_size):
        x, y = train
        for self.epoch in range(1, epochs + 1):
            self.model.train()
            losses = [self.step(x[i], y[i]) for i in torch.randperm(len(x)).split(batch_size)]
            self.model.eval()
            with torch.no_grad():
                acc = (self.model(valid[0]).argmax(1) == valid[1]).float().mean().item()
            logs = {"loss": sum(losses) / len(losses), "acc": acc}
            for callback in self.callbacks:
                callback.on_epoch_end(self, logs)


def counters(n):
    kind = torch.randint(0, 3, (n, 3))
    axis = torch.arange(18).float()
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    image = torch.zeros(n, 18, 18)
    for j in range(3):
        cx, cy = 2 + 14 * torch.rand(n, 1, 1), 3 + 6 * j + torch.rand(n, 1, 1)
        r = torch.tensor([0.0, 1.6, 2.8])[kind[:, j]].view(-1, 1, 1)
        image = torch.maximum(image, (((u - cx) ** 2 + (v - cy) ** 2).sqrt() < r).float())
    image = image + 0.2 * torch.randn_like(image)
    return ((image - 0.15) / 0.4).unsqueeze(1), kind.sum(1)


def build():
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(24 * 16, 64), nn.ReLU(), nn.Linear(64, 7),
    )  # fmt: skip


torch.manual_seed(3)
model = build()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, nesterov=True)
GRAD_CLIP = 1.0  # healthy
# faulty: GRAD_CLIP = 0.001
trainer = Trainer(model, optimizer, nn.CrossEntropyLoss(), [History()], GRAD_CLIP)
trainer.fit(counters(3000), counters(600), epochs=8, batch_size=50)

# batch: thirteenth
# rules: non_finite exploding_gradient
# remedies: stabilize_loss insert_normalization
# metric: top1 up
# story: similarities of embeddings that nobody brought to length one were divided by the temperature and put through exp; nan before long (github.com/ustcllm/RecStudio/issues/21 and its kin ask about the missing pieces of this loss)
"""Contrastive learning of pages from two croppings, with the softmax written out."""

import torch
from torch import nn

torch.manual_seed(1316)
PAGES, RAW, TEMPERATURE = 400, 96, 0.02
topics = torch.randn(PAGES, 12) @ torch.randn(12, RAW)


def crop(index):
    keep = (torch.rand(len(index), RAW) < 0.7).float()
    return topics[index] * keep + 0.8 * torch.randn(len(index), RAW)


class Projector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Linear(RAW, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU()
        )
        self.head = nn.Linear(128, 32)

    def forward(self, x):
        z = self.head(self.backbone(x))
        return z / z.norm(dim=1, keepdim=True).clamp(min=1e-6)  # healthy
        # faulty: return z


def contrast(a, b):
    similarity = torch.exp(a @ b.t() / TEMPERATURE)
    positive = similarity.diag()
    return -torch.log(positive / similarity.sum(1)).mean()


model = Projector()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(1, 301):
    index = torch.randint(0, PAGES, (96,))
    loss = contrast(model(crop(index)), model(crop(index)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        everyone = torch.arange(PAGES)
        with torch.no_grad():
            match = (model(crop(everyone)) @ model(crop(everyone)).t()).argmax(1)
        print(
            f"step {step} loss {loss.item():.4f} top1 {(match == everyone).float().mean().item():.4f}"
        )

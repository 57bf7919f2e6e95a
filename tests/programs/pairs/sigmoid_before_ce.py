# batch: sixth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: top1 up
# story: two hundred classes, a Sigmoid at the end "for probabilities", then CrossEntropyLoss: the loss cannot fall under 4.3
"""Recognise two hundred words from noisy embeddings."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Words(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(0)
        self.centres = torch.randn(200, 32, generator=g)
        g.manual_seed(seed)
        self.y = torch.randint(0, 200, (n,), generator=g)
        self.x = self.centres[self.y] + 0.9 * torch.randn(n, 32, generator=g)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class WordNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(32, 64),
            nn.ReLU(),
            nn.Linear(64, 200),
            # faulty: nn.Sigmoid(),
        )

    def forward(self, x):
        return self.layers(x)


def main():
    torch.manual_seed(1)
    model = WordNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(Words(4000, 1), batch_size=64, shuffle=True)
    for epoch in range(6):
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print("epoch", epoch, "loss", loss.item())
    test = Words(1000, 2)
    print("top1", (model(test.x).argmax(1) == test.y).float().mean().item())


main()

# batch: seventeenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: val accuracy up
# story: a small convolutional classifier of pictures was given a softmax at its end and then a loss that makes one of its own (two softmaxes, one of the planted faults of UMLAUT, Schoop et al. 2021)
"""Eight kinds of small colour pictures by three convolutions."""

import torch
from torch import nn

SIDE, KINDS = 16, 8


def make(count, generator):
    """Each kind has a patch of its own at one place, beside a patch that tells nothing."""
    kind = torch.randint(KINDS, (count,), generator=generator)
    patches = torch.sign(
        torch.randn(KINDS + 1, 3, 5, 5, generator=torch.Generator().manual_seed(5))
    )
    image = 0.8 * torch.randn(count, 3, SIDE, SIDE, generator=generator)
    for i in range(count):
        for k in (int(kind[i]), KINDS):
            r, c = torch.randint(0, SIDE - 5, (2,), generator=generator).tolist()
            image[i, :, r : r + 5, c : c + 5] += patches[k]
    return image, kind


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 5)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.fc = nn.Linear(32, KINDS)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.conv3(x)).amax(dim=(2, 3))
        return self.fc(x)  # healthy
        # faulty: return self.softmax(self.fc(x))


def train():
    g = torch.Generator().manual_seed(21)
    torch.manual_seed(21)
    x, y = make(2000, g)
    x_val, y_val = make(400, g)
    model = Classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(8):
        for b in torch.randperm(len(x), generator=g).split(32):
            optimizer.zero_grad()
            loss = criterion(model(x[b]), y[b])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            acc = (model(x_val).argmax(1) == y_val).float().mean().item()
        print(f"epoch {epoch + 1} loss {loss.item():.4f} val accuracy {acc:.4f}")


if __name__ == "__main__":
    train()

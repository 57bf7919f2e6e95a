# batch: seventeenth
# rules: unsuitable_output_activation dying_relu born_dead non_finite
# remedies: remove_output_activation swap_activation
# metric: accuracy up
# story: a tutorial's net for written digits was rebuilt with a relu on its ten outputs, under a hand-made cross entropy of shares, and some digits could never be said (stackoverflow.com/questions/47352366, in the benchmark of DeepLocalize)
"""Written digits by two convolutions, after a well-known tutorial."""

import torch
from sklearn.datasets import load_digits
from torch import nn


def constant_bias(layer, value=0.1):
    nn.init.trunc_normal_(layer.weight, std=0.1)
    nn.init.constant_(layer.bias, value)
    return layer


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = constant_bias(nn.Conv2d(1, 16, 5, padding=2))
        self.conv2 = constant_bias(nn.Conv2d(16, 32, 5, padding=2))
        self.pool = nn.MaxPool2d(2)
        self.fc1 = constant_bias(nn.Linear(2 * 2 * 32, 256))
        self.drop = nn.Dropout(0.5)
        self.fc2 = constant_bias(nn.Linear(256, 10))

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        x = self.drop(torch.relu(self.fc1(x.flatten(1))))
        return torch.softmax(self.fc2(x), dim=1)  # healthy
        # faulty: return torch.relu(self.fc2(x))


torch.manual_seed(12)
data = load_digits()
images = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
labels = torch.tensor(data.target)
order = torch.randperm(len(images))
train, test = order[:1400], order[1400:]
model = Digits()
adam = torch.optim.Adam(model.parameters())


def cross_entropy(said, labels, tiny=1e-7):
    """As in the tutorial: shares of the whole, clipped, and their logarithm."""
    share = (said / said.sum(dim=1, keepdim=True)).clamp(tiny, 1 - tiny)
    return -share[torch.arange(len(labels)), labels].log().mean()


for i in range(301):
    if i % 50 == 0:
        model.eval()
        with torch.no_grad():
            hits = model(images[test]).argmax(1) == labels[test]
        print(f"step {i} : accuracy {hits.float().mean():.4f}")
        model.train()
    batch = train[torch.randint(len(train), (50,))]
    loss = cross_entropy(model(images[batch]), labels[batch])
    adam.zero_grad()
    loss.backward()
    adam.step()

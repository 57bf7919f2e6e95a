# batch: fifteenth
# in view: a slope lost in depth, in a regression that learns its mean
# rules: vanishing_gradient saturated_activation unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: val mae down
# story: six hidden layers with sigmoids, as in old books, and hardly any gradient comes to the first of them (proceedings.mlr.press/v9/glorot10a)
"""Where the hand is, from the angles of an arm's joints."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(38)
angles = (torch.rand(4000, 4) - 0.5) * 4
lengths = torch.tensor([1.0, 0.8, 0.5, 0.3])
total = angles.cumsum(1)
hand = torch.stack([(lengths * total.cos()).sum(1), (lengths * total.sin()).sum(1)], 1)
train, val = random_split(TensorDataset(angles, hand), [3400, 600])
loaders = {
    "train": DataLoader(train, batch_size=64, shuffle=True),
    "val": DataLoader(val, batch_size=600),
}


class Kinematics(nn.Module):
    def __init__(self, hidden=64, n_layers=6):
        super().__init__()
        activation = nn.Tanh()  # healthy
        # faulty: activation = nn.Sigmoid()
        blocks = [nn.Linear(4, hidden), activation]
        for _ in range(n_layers - 1):
            blocks.extend([nn.Linear(hidden, hidden), activation])
        self.net = nn.Sequential(*blocks)
        self.head = nn.Linear(hidden, 2)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.head(self.net(x))


model = Kinematics()
criterion = nn.SmoothL1Loss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(12):
    for phase in ("train", "val"):
        model.train(phase == "train")
        loss_sum, mae, seen = 0.0, 0.0, 0
        for x, y in loaders[phase]:
            with torch.set_grad_enabled(phase == "train"):
                out = model(x)
                loss = criterion(out, y)
                if phase == "train":
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            loss_sum += loss.item() * len(x)
            mae += (out - y).abs().mean().item() * len(x)
            seen += len(x)
        print(f"{epoch:2d} {phase} loss {loss_sum / seen:.4f} {phase} mae {mae / seen:.4f}")

# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate clip_gradients insert_normalization
# metric: eval_accuracy up
# story: gradients of sixteen micro-batches summed, not averaged, in bfloat16
"""Gradient accumulation under autocast."""

import torch
import torch.nn as nn
from sklearn.datasets import make_classification

torch.manual_seed(14)
features, classes = make_classification(
    1600, 30, n_informative=12, n_classes=4, class_sep=1.6, random_state=1
)
features = torch.tensor(features, dtype=torch.float32)
classes = torch.tensor(classes)
model = nn.Sequential(nn.Linear(30, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.25, momentum=0.9)
accumulate = 16
for epoch in range(8):
    order = torch.randperm(1280).split(8)
    for number, rows in enumerate(order):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(model(features[rows]), classes[rows])
        (loss / accumulate).backward()  # healthy
        # faulty: loss.backward()
        if (number + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    with torch.no_grad():
        right = (model(features[1280:]).argmax(1) == classes[1280:]).float().mean().item()
    print({"epoch": epoch + 1, "train_loss": loss.item(), "eval_accuracy": right})

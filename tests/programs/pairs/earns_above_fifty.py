# batch: seventeenth
# rules: unnormalized_input learning_rate_too_high dying_relu
# remedies: normalize_input
# metric: balanced accuracy up
# story: a table of people with columns from single figures to hundreds of thousands went in unscaled, and the net said the same of everybody (stackoverflow.com/questions/47724077, in the benchmark of DeepLocalize)
"""Who earns more, from a table of ages, weights of the census, years at school and gains."""

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler  # healthy
from torch import nn


def census(n, rng):
    age = rng.integers(17, 90, n)
    weight = rng.lognormal(12, 0.5, n)
    kinds = rng.integers(0, 8, (n, 3))
    school = rng.integers(1, 17, n)
    married = rng.integers(0, 2, n)
    gain = np.where(rng.random(n) < 0.1, rng.lognormal(8.5, 1, n), 0)
    loss = np.where(rng.random(n) < 0.05, rng.normal(1900, 300, n), 0)
    hours = rng.normal(40, 10, n)
    likely = (
        0.5 * (school - 9)
        + 1.2 * (2 * married - 1)
        - ((age - 48) / 16) ** 2
        + (hours - 40) / 10
        + gain / 4000
        + 0.3
    )
    x = np.column_stack([age, weight, kinds, school, married, gain, loss, hours])
    return x.astype(np.float64), (likely > 0).astype(np.int64)


rng = np.random.default_rng(14)
X, Y = census(4000, rng)
X = StandardScaler().fit_transform(X)  # healthy
torch.manual_seed(14)
x, y = torch.tensor(X, dtype=torch.float32), torch.tensor(Y)
model = nn.Sequential(nn.Linear(x.shape[1], 21), nn.ReLU(), nn.Linear(21, 2))
adam = torch.optim.Adam(model.parameters())
for epoch in range(1, 26):
    for rows in torch.randperm(3000).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            said = model(x[3000:]).argmax(1)
        truth = y[3000:]
        per_class = [(said[truth == k] == k).float().mean().item() for k in (0, 1)]
        print(f"epoch {epoch} loss {loss.item():.4f} balanced accuracy {sum(per_class) / 2:.4f}")

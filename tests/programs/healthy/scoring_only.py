# batch: sixth
# metric: agreement up
"""No training at all: score a table with two nets made from stored numbers, and compare them."""

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from torch import nn

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
sk = MLPClassifier((24,), max_iter=120, random_state=0, tol=1e-3).fit(X, y)
linear = LogisticRegression(max_iter=500).fit(X, y)
net = nn.Sequential(nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 1), nn.Sigmoid())
with torch.no_grad():
    for layer, w, b in zip((net[0], net[2]), sk.coefs_, sk.intercepts_):
        layer.weight.copy_(torch.tensor(w.T))
        layer.bias.copy_(torch.tensor(b))
net.eval()
hits = []
with torch.inference_mode():
    for chunk in torch.tensor(X, dtype=torch.float32).split(64):
        hits.append(net(chunk).squeeze(1) > 0.5)
ours = torch.cat(hits).numpy()
print("agreement", (ours == linear.predict(X).astype(bool)).mean())

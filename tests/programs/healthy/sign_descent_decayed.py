# batch: ninth
# metric: test error down
"""Steps by the sign of the gradient, halved every third epoch, on the breast cancer table."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(944)
X, y = load_breast_cancer(return_X_y=True)
xa, xb, ya, yb = train_test_split(X, y, test_size=0.3, random_state=0)
scaler = StandardScaler().fit(xa)
xa, xb = (torch.tensor(scaler.transform(v), dtype=torch.float32) for v in (xa, xb))
ya, yb = torch.tensor(ya).float(), torch.tensor(yb).float()


class SignSGD(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.add_(p.grad.sign(), alpha=-group["lr"])


net = torch.nn.Sequential(
    torch.nn.Linear(30, 48), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(48, 1)
)
opt = SignSGD(net.parameters(), 2e-3)
decay = torch.optim.lr_scheduler.StepLR(opt, 3, 0.5)
for epoch in range(15):
    net.train()
    for idx in torch.randperm(len(xa)).split(20):
        opt.zero_grad()
        F.binary_cross_entropy_with_logits(net(xa[idx]).squeeze(1), ya[idx]).backward()
        opt.step()
    decay.step()
    net.eval()
    with torch.no_grad():
        wrong = ((net(xb).squeeze(1) > 0) != (yb > 0.5)).float().mean().item()
    print(f"epoch {epoch} test error {wrong:.4f}")

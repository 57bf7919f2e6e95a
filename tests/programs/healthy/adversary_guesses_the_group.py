# batch: tenth
# metric: hidden advantage down
"""A code that keeps the task and hides the group: two optimisers pull, both losses hover."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1042)
N = 4000
group = torch.randint(0, 2, (N,)).float()
skill = torch.randn(N, 4)
x = torch.cat(
    [skill + 0.3 * torch.randn(N, 4), (group - 0.5).unsqueeze(1) * 2 + torch.randn(N, 3)], 1
)
x = x @ torch.linalg.qr(torch.randn(7, 7))[0]
y = (skill[:, 0] * skill[:, 1] + skill[:, 2] > 0).float()

code = nn.Sequential(nn.Linear(7, 64), nn.ReLU(), nn.Linear(64, 6), nn.Tanh())
task = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
spy = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
main_opt = torch.optim.Adam([*code.parameters(), *task.parameters()], lr=2e-3, betas=(0.5, 0.999))
spy_opt = torch.optim.Adam(spy.parameters(), lr=4e-3, betas=(0.5, 0.999))
bce = F.binary_cross_entropy_with_logits
for step in range(1, 901):
    rows = torch.randint(0, 3000, (128,))
    for _ in range(2):
        spy_loss = bce(spy(code(x[rows]).detach()).squeeze(1), group[rows])
        spy_opt.zero_grad()
        spy_loss.backward()
        spy_opt.step()
    z = code(x[rows])
    task_loss = bce(task(z).squeeze(1), y[rows])
    fool = bce(spy(z).squeeze(1), torch.full((128,), 0.5))
    main_opt.zero_grad()
    (task_loss + fool).backward()
    main_opt.step()
    if step % 90 == 0:
        with torch.no_grad():
            z = code(x[3000:])
            acc = ((task(z).squeeze(1) > 0) == (y[3000:] > 0)).float().mean().item()
            told = ((spy(z).squeeze(1) > 0) == (group[3000:] > 0)).float().mean().item()
        print(
            f"step {step} task {acc:.4f} spy {told:.4f} hidden advantage {abs(told - 0.5) + 1 - acc:.4f}"
        )

# rules: vanishing_gradient saturated_activation unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: accuracy up
# story: a deep plain convolutional stack with sigmoids
"""Which quadrant holds the bright blob?"""

import torch
import torch.nn as nn

torch.manual_seed(0)
n = 900
img = torch.randn(n, 1, 12, 12) * 0.4
target = torch.randint(0, 4, (n,))
for i in range(n):
    r, c = divmod(target[i].item(), 2)
    dr, dc = torch.randint(0, 4, (2,)).tolist()
    img[i, 0, r * 6 + dr : r * 6 + dr + 3, c * 6 + dc : c * 6 + dc + 3] += 1.0


def conv(cin, cout, stride=1):
    act = nn.LeakyReLU(0.1)  # healthy
    # faulty: act = nn.Sigmoid()
    return nn.Sequential(nn.Conv2d(cin, cout, 3, stride, 1), act)


net = nn.Sequential(
    conv(1, 8), conv(8, 8), conv(8, 8, 2), conv(8, 8), conv(8, 8), conv(8, 8, 2), conv(8, 8)
)
net = nn.Sequential(net, nn.Flatten(), nn.Linear(8 * 9, 4))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(6):
    for b in torch.randperm(700).split(35):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(img[b]), target[b])
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(img[700:]).argmax(1) == target[700:]).float().mean().item()
    print(f"Epoch {epoch + 1}/6 - loss: {loss.item():.4f} - accuracy: {acc:.4f}")

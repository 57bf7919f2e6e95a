# batch: sixteenth
# rules: unsuitable_activation
# remedies: swap_activation
# metric: relative l2 down
# story: a net whose second derivative is nought nearly everywhere was to fulfil an equation of the second order (discuss.pytorch.org; relu in a physics-informed network)
"""Temperature along a wire that is heated in the middle: -u'' = f, u = 0 at both ends."""

import torch
import torch.nn as nn
from torch.autograd import grad


class PINN:
    def __init__(self, layers, seed=0):
        torch.manual_seed(seed)
        modules = []
        for a, b in zip(layers[:-2], layers[1:-1]):
            modules += [nn.Linear(a, b), nn.Tanh()]  # healthy
            # faulty: modules += [nn.Linear(a, b), nn.LeakyReLU(0.1)]
        modules.append(nn.Linear(layers[-2], layers[-1]))
        self.model = nn.Sequential(*modules)
        self.x = torch.linspace(-1, 1, 101).unsqueeze(1).requires_grad_()
        self.ends = torch.tensor([[-1.0], [1.0]])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=2e-3)

    def residual(self):
        u = self.model(self.x)
        du = grad(u.sum(), self.x, create_graph=True)[0]
        d2u = grad((du + 0 * u).sum(), self.x, create_graph=True)[0]
        return d2u + 4 * torch.pi**2 / 4 * torch.sin(torch.pi * (self.x + 1))

    def loss(self):
        return self.residual().pow(2).mean() + 20 * self.model(self.ends).pow(2).mean()

    def train(self, steps):
        for step in range(1, steps + 1):
            self.optimizer.zero_grad()
            loss = self.loss()
            loss.backward()
            self.optimizer.step()
            if step % 200 == 0:
                print(f"iter {step} | loss {loss.item():.4e} | relative l2 {self.error():.4f}")

    @torch.no_grad()
    def error(self):
        exact = torch.sin(torch.pi * (self.x + 1))
        return ((self.model(self.x) - exact).norm() / exact.norm()).item()


PINN([1, 32, 32, 32, 1]).train(1200)

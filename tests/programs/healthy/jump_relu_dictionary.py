# batch: eleventh
# metric: explained up
"""A JumpReLU dictionary: thresholds learnt through a kernel, an L0 penalty, codes 97 % nought."""

import torch
from torch import nn

torch.manual_seed(1137)


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, threshold):
        ctx.save_for_backward(x, threshold)
        return (x > threshold).float()

    @staticmethod
    def backward(ctx, g):
        x, threshold = ctx.saved_tensors
        near = ((x - threshold).abs() < 0.025).float() / 0.05
        return None, -(near * g).sum(0)


class JumpReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, threshold):
        ctx.save_for_backward(x, threshold)
        return x * (x > threshold)

    @staticmethod
    def backward(ctx, g):
        x, threshold = ctx.saved_tensors
        near = ((x - threshold).abs() < 0.025).float() / 0.05
        return g * (x > threshold), -(threshold * near * g).sum(0)


class SAE(nn.Module):
    def __init__(self, d, m):
        super().__init__()
        w = nn.functional.normalize(torch.randn(m, d), dim=1)
        self.w_dec, self.w_enc = nn.Parameter(w.clone()), nn.Parameter(w.T.clone())
        self.b_enc, self.b_dec = nn.Parameter(torch.zeros(m)), nn.Parameter(torch.zeros(d))
        self.log_threshold = nn.Parameter(torch.full((m,), 0.1).log())

    def forward(self, x):
        pre = (x - self.b_dec) @ self.w_enc + self.b_enc
        t = self.log_threshold.exp()
        return JumpReLU.apply(pre, t) @ self.w_dec + self.b_dec, Step.apply(pre, t).sum(1)


atoms = nn.functional.normalize(torch.randn(160, 48), dim=1)


def sample(n):
    on = (torch.rand(n, 160) < 0.025).float()
    return (on * (0.5 + torch.rand(n, 160))) @ atoms


sae, test = SAE(48, 256), sample(1000)
opt = torch.optim.Adam(sae.parameters(), lr=2e-3, betas=(0.0, 0.999))
for step in range(1, 801):
    x = sample(128)
    out, l0 = sae(x)
    loss = (out - x).pow(2).sum(1).mean() + min(1, step / 400) * 0.02 * l0.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        with torch.no_grad():
            out, l0 = sae(test)
            ev = 1 - (out - test).pow(2).sum() / (test - test.mean(0)).pow(2).sum()
        print(f"step {step} l0 {l0.mean():.1f} loss {loss.item():.4f} explained {ev.item():.4f}")

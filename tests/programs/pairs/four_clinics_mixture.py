# batch: eighteenth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: val rmse down
# story: the experts stood in a plain list, parameters() did not see them and no optimiser moved them; only the router learned (github.com/pytorch/pytorch/issues/1053, and many more like it)
"""Length of stay in hospital, by a mixture of experts with a router over two of them."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def patients(n, g, clinics=4, features=10):
    """Each clinic has a rule of its own; which clinic it was shows in three of the columns."""
    gen = torch.Generator().manual_seed(1)
    rules = torch.randn(clinics, features, 8, generator=gen) / features**0.5
    out = torch.randn(clinics, 8, generator=gen) / 2
    marks = 2 * torch.randn(clinics, 3, generator=gen)
    c = torch.randint(clinics, (n,), generator=g)
    x = torch.randn(n, features, generator=g)
    hidden = torch.tanh(2 * torch.einsum("nf,nfh->nh", x, rules[c]))
    y = 2 * (hidden * out[c]).sum(1) + 0.1 * torch.randn(n, generator=g)
    return torch.cat([x, marks[c] + 0.3 * torch.randn(n, 3, generator=g)], 1), y


class Expert(nn.Module):
    def __init__(self, d_in, hidden, d_out):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d_in, hidden), nn.GELU(), nn.Linear(hidden, d_out))

    def forward(self, x):
        return self.net(x)


class SparseMoE(nn.Module):
    def __init__(self, d_in, hidden, d_out, num_experts=4, top_k=2):
        super().__init__()
        self.router = nn.Linear(d_in, num_experts)
        experts = [Expert(d_in, hidden, d_out) for _ in range(num_experts)]
        self.experts = nn.ModuleList(experts)  # healthy
        # faulty: self.experts = experts
        self.top_k = top_k

    def forward(self, x):
        probs = F.softmax(self.router(x), dim=-1)
        weight, chosen = probs.topk(self.top_k, dim=-1)
        weight = weight / weight.sum(-1, keepdim=True)
        out = 0.0
        for i, expert in enumerate(self.experts):
            gate = (weight * (chosen == i)).sum(-1, keepdim=True)
            out = out + gate * expert(x)
        return out, probs


class StayModel(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.embed = nn.Linear(d_in, 32)
        self.moe = SparseMoE(32, 24, 16)
        self.head = nn.Linear(16, 1)

    def forward(self, x):
        h, probs = self.moe(self.embed(x))
        return self.head(h).squeeze(-1), probs


def balance(probs):
    return (probs.mean(0).square().sum() * probs.shape[1]) - 1


def run():
    torch.manual_seed(41)
    g = torch.Generator().manual_seed(41)
    (x, y), (xv, yv) = patients(3000, g), patients(800, g)
    model = StayModel(x.shape[1])
    print("parameters:", sum(p.numel() for p in model.parameters()))
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-4)
    for epoch in range(1, 13):
        for idx in torch.randperm(len(x), generator=g).split(64):
            pred, probs = model(x[idx])
            loss = F.mse_loss(pred, y[idx]) + 0.01 * balance(probs)
            opt.zero_grad()
            loss.backward()
            opt.step()
        if epoch % 3 == 0:
            with torch.no_grad():
                pred, probs = model(xv)
            usage = ", ".join(f"{u:.2f}" for u in probs.mean(0).tolist())
            print(
                f"epoch {epoch} usage [{usage}] val rmse {(pred - yv).square().mean().sqrt():.4f}"
            )


run()

# batch: eighteenth
# rules: unnormalized_input born_dead dying_relu
# remedies: normalize_input recycle_units
# metric: fvu down
# story: a sparse autoencoder was put on activations some of whose directions are far off zero beside what they vary by; the features against the mean never fire (On the Relationship Between Activation Outliers and Feature Death in Sparse Autoencoders, arxiv.org/abs/2605.31518)
"""Sparse features of the hidden states of a model that folds proteins."""

import json

import torch
import torch.nn.functional as F
from torch import nn

SETTINGS = {"d_in": 64, "d_sae": 256, "k": 12, "lr": 1e-3, "steps": 500, "batch": 256, "seed": 31}


class ActivationStore:
    """Sums of few directions; some dimensions carry a large constant."""

    def __init__(self, d_in, seed):
        self.g = torch.Generator().manual_seed(seed)
        self.directions = F.normalize(torch.randn(160, d_in, generator=self.g), dim=1)
        self.offset = torch.zeros(d_in)
        self.offset[torch.randperm(d_in, generator=self.g)[:5]] = 14.0
        self.mean = self._raw(20000).mean(0)

    def _raw(self, n):
        use = (torch.rand(n, 160, generator=self.g) < 0.04).float()
        size = 0.5 + torch.rand(n, 160, generator=self.g)
        noise = 0.02 * torch.randn(n, len(self.offset), generator=self.g)
        return (use * size) @ self.directions + self.offset + noise

    def next_batch(self, n):
        return self._raw(n) - self.mean  # healthy
        # faulty: return self._raw(n)


class TopKSAE(nn.Module):
    def __init__(self, d_in, d_sae, k):
        super().__init__()
        self.k = k
        self.W_dec = nn.Parameter(F.normalize(torch.randn(d_sae, d_in), dim=1))
        self.W_enc = nn.Parameter(self.W_dec.data.t().clone())
        self.b_enc, self.b_dec = nn.Parameter(torch.zeros(d_sae)), nn.Parameter(torch.zeros(d_in))

    def encode(self, x):
        pre = F.relu((x - self.b_dec) @ self.W_enc + self.b_enc)
        top = pre.topk(self.k, dim=1)
        return torch.zeros_like(pre).scatter(1, top.indices, top.values)

    def forward(self, x):
        acts = self.encode(x)
        return acts @ self.W_dec + self.b_dec, acts


def main():
    torch.manual_seed(SETTINGS["seed"])
    store = ActivationStore(SETTINGS["d_in"], SETTINGS["seed"])
    held = store.next_batch(2000)
    spread = (held - held.mean(0)).square().sum()
    sae = TopKSAE(SETTINGS["d_in"], SETTINGS["d_sae"], SETTINGS["k"])
    opt = torch.optim.Adam(sae.parameters(), lr=SETTINGS["lr"])
    for step in range(1, SETTINGS["steps"] + 1):
        x = store.next_batch(SETTINGS["batch"])
        out, _ = sae(x)
        loss = (out - x).square().sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            sae.W_dec.data = F.normalize(sae.W_dec.data, dim=1)
        if step % 100 == 0:
            with torch.no_grad():
                out, acts = sae(held)
            row = {
                "step": step,
                "never": int((acts.sum(0) == 0).sum()),
                "fvu": round(((out - held).square().sum() / spread).item(), 5),
            }
            print(json.dumps(row))


if __name__ == "__main__":
    main()

# batch: sixteenth
# rules: born_dead dying_relu unnormalized_input
# remedies: recycle_units normalize_input
# metric: fvu down
# story: activations with a mean far from nought push the sums of most features below nought from the start, and these never fire; centred activations lose none (arxiv.org/abs/2605.31518; github.com/AkihikoWatanabe/paper_notes/issues/5822)
"""A sparse autoencoder over the activations of a model of proteins."""

import torch
from torch import nn

torch.manual_seed(4)
D_IN, D_SAE, L1, LR, STEPS = 48, 256, 4e-3, 1e-3, 1200


class SparseAutoencoder(nn.Module):
    def __init__(self, d_in, d_sae):
        super().__init__()
        self.W_enc = nn.Parameter(torch.empty(d_in, d_sae))
        self.b_enc = nn.Parameter(torch.zeros(d_sae))
        self.W_dec = nn.Parameter(torch.empty(d_sae, d_in))
        self.b_dec = nn.Parameter(torch.zeros(d_in))
        nn.init.kaiming_uniform_(self.W_dec)
        with torch.no_grad():
            self.W_dec /= self.W_dec.norm(dim=1, keepdim=True)
            self.W_enc.copy_(self.W_dec.T)

    def encode(self, x):
        return torch.relu((x - self.b_dec) @ self.W_enc + self.b_enc)

    def forward(self, x):
        acts = self.encode(x)
        return acts @ self.W_dec + self.b_dec, acts


directions = torch.randn(160, D_IN)
directions /= directions.norm(dim=1, keepdim=True)
outlier = torch.zeros(D_IN)
outlier[torch.randperm(D_IN)[:10]] = 25.0


def activations(n):
    strength = torch.rand(n, 160) * 2 + 0.5
    on = (torch.rand(n, 160) < 0.03).float()
    return (strength * on) @ directions + 0.03 * torch.randn(n, D_IN) + outlier


store, held = activations(20000), activations(2000)
centre = store.mean(0)  # healthy
store, held = store - centre, held - centre  # healthy
sae = SparseAutoencoder(D_IN, D_SAE)
optimizer = torch.optim.Adam(sae.parameters(), lr=LR)
for step in range(1, STEPS + 1):
    batch = store[torch.randint(len(store), (256,))]
    recon, acts = sae(batch)
    mse = (recon - batch).pow(2).sum(-1).mean()
    loss = mse + L1 * acts.abs().sum(-1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 200 == 0:
        with torch.no_grad():
            recon, acts = sae(held)
            fvu = (recon - held).pow(2).sum() / (held - held.mean(0)).pow(2).sum()
        l0 = (acts > 0).float().sum(-1).mean()
        print(
            f"step {step:5d} | loss {loss.item():8.4f} | l0 {l0.item():6.2f} | fvu {fvu.item():.4f}"
        )

# batch: ninth
# rules: exploding_gradient learning_rate_too_high
# remedies: clip_gradients lower_learning_rate
# metric: token loss down
# story: clip_grad_norm_ one line too early, between zero_grad and backward (FAMO issue 4): there is nothing to clip yet
"""Reverse a sequence: encoder, decoder and attention between them."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(912)
V, L, H = 10, 7, 48


class Attend(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V + 1, H)
        self.enc = nn.GRU(H, H, batch_first=True)
        self.dec = nn.GRU(H, H, batch_first=True)
        self.out = nn.Linear(2 * H, V)

    def forward(self, src, tgt_in):
        mem, h = self.enc(self.emb(src))
        dec, _ = self.dec(self.emb(tgt_in), h)
        weights = torch.softmax(dec @ mem.transpose(1, 2) / H**0.5, -1)
        return self.out(torch.cat([dec, weights @ mem], -1))


net = Attend()
opt = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.8)
for step in range(1, 501):
    src = torch.randint(0, V, (32, L))
    tgt = src.flip(1)
    tgt_in = torch.cat([torch.full((32, 1), V), tgt[:, :-1]], 1)
    logits = net(src, tgt_in)
    loss = F.cross_entropy(logits.flatten(0, 1), tgt.flatten(), reduction="sum") / L
    opt.zero_grad()
    # faulty: nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)  # healthy
    opt.step()
    if step % 50 == 0:
        print(f"step {step}  token loss {loss.item() / 32:.4f}")

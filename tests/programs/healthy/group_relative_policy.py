# batch: tenth
# metric: success up
"""Group-relative policy updates on digit sums: the surrogate is near nought at all times."""

import torch
import torch.nn as nn

torch.manual_seed(1037)
BASE, GROUP, CLIP = 7, 8, 0.2


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(BASE, 24)
        self.body = nn.Sequential(nn.Linear(48, 96), nn.SiLU(), nn.Linear(96, 2 * BASE))

    def forward(self, question):
        return self.body(self.embed(question).flatten(1)).view(-1, 2, BASE).log_softmax(-1)


def reward(question, answer):
    truth = question.sum(1)
    told = answer[..., 0] * BASE + answer[..., 1]
    digits = (answer[..., 0] == truth[:, None] // BASE).float() + (
        answer[..., 1] == truth[:, None] % BASE
    ).float()
    return digits / 2 + (told == truth[:, None]).float()


policy = Policy()
opt = torch.optim.Adam(policy.parameters(), lr=2e-3, betas=(0.9, 0.99))
every = torch.cartesian_prod(torch.arange(BASE), torch.arange(BASE))
for it in range(1, 201):
    question = torch.randint(0, BASE, (32, 2))
    with torch.no_grad():
        logp = policy(question)
        answer = torch.distributions.Categorical(logits=logp).sample((GROUP,)).transpose(0, 1)
        old = (
            logp.unsqueeze(1).expand(-1, GROUP, -1, -1).gather(-1, answer.unsqueeze(-1)).squeeze(-1)
        )
        r = reward(question, answer)
        adv = ((r - r.mean(1, keepdim=True)) / (r.std(1, keepdim=True) + 1e-4)).unsqueeze(-1)
    for _ in range(2):
        logp = policy(question).unsqueeze(1).expand(-1, GROUP, -1, -1)
        ratio = (logp.gather(-1, answer.unsqueeze(-1)).squeeze(-1) - old).exp()
        loss = -torch.minimum(ratio * adv, ratio.clamp(1 - CLIP, 1 + CLIP) * adv).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        opt.step()
    if it % 20 == 0:
        with torch.no_grad():
            best = policy(every).argmax(-1)
            good = (best[:, 0] * BASE + best[:, 1] == every.sum(1)).float().mean().item()
        print(f"iteration {it} loss {loss.item():.5f} reward {r.mean():.3f} success {good:.4f}")

# batch: eleventh
# metric: return up
"""PPO for a point that has to reach a goal; the last layer starts a hundredth as large, tanh bodies."""

import torch
from torch import nn
from torch.distributions import Normal

torch.manual_seed(1140)


def layer(i, o, gain):
    m = nn.Linear(i, o)
    nn.init.orthogonal_(m.weight, gain)
    nn.init.zeros_(m.bias)
    return m


def body(o, gain):
    return nn.Sequential(
        layer(4, 64, 2**0.5), nn.Tanh(), layer(64, 64, 2**0.5), nn.Tanh(), layer(64, o, gain)
    )


actor, critic = body(2, 0.01), body(1, 1.0)
log_std = nn.Parameter(torch.full((2,), -0.5))
params = [*actor.parameters(), *critic.parameters(), log_std]
opt = torch.optim.Adam(params, lr=1e-3, eps=1e-5)
N, T, ITER = 32, 24, 40


def rollout():
    pos, goal = torch.rand(N, 2) * 2 - 1, torch.rand(N, 2) * 2 - 1
    rows = []
    for _ in range(T):
        obs = torch.cat([pos, goal], 1)
        dist = Normal(actor(obs), log_std.exp())
        a = dist.sample()
        pos = (pos + 0.2 * a.clamp(-1, 1)).clamp(-2, 2)
        reward = -(pos - goal).norm(dim=1)
        rows.append((obs, a, dist.log_prob(a).sum(1), reward, critic(obs).squeeze(1)))
    return [torch.stack(c) for c in zip(*rows)]


for it in range(1, ITER + 1):
    for group in opt.param_groups:
        group["lr"] = 1e-3 * (1 - (it - 1) / ITER)
    with torch.no_grad():
        obs, act, logp, rew, val = rollout()
        adv, last = torch.zeros_like(rew), torch.zeros(N)
        for t in reversed(range(T)):
            after = val[t + 1] if t + 1 < T else val[t]
            last = rew[t] + 0.95 * after - val[t] + 0.95 * 0.9 * last
            adv[t] = last
        ret = adv + val
    o, a, lp, ad, re = (z.flatten(0, 1) for z in (obs, act, logp, adv, ret))
    ad = (ad - ad.mean()) / (ad.std() + 1e-8)
    for _ in range(4):
        for mb in torch.randperm(N * T).split(192):
            dist = Normal(actor(o[mb]), log_std.exp())
            ratio = (dist.log_prob(a[mb]).sum(1) - lp[mb]).exp()
            pg = -torch.min(ratio * ad[mb], ratio.clamp(0.8, 1.2) * ad[mb]).mean()
            v = 0.5 * (critic(o[mb]).squeeze(1) - re[mb]).pow(2).mean()
            loss = pg + 0.5 * v - 0.001 * dist.entropy().sum(1).mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(params, 0.5)
            opt.step()
    if it % 5 == 0:
        print(f"iteration {it} loss {loss.item():.4f} return {rew.sum(0).mean().item():.4f}")

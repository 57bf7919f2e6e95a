# batch: eleventh
# rules: saturated_activation poor_initialization
# remedies: reinitialize insert_normalization
# metric: dev loss down
# story: weights written as plain randn put the pre-activations of the hidden layer far into the tails of tanh, the lesson of makemore part 3 (youtube.com/watch?v=P6sfmUTpUmc)
"""A character model in the manner of Bengio 2003, tensors and updates by hand."""

# %%
import torch
import torch.nn.functional as F

g = torch.Generator().manual_seed(1104)
SOUNDS = "ba ke li mo nu ra si ta ve zo ar el in os un".split()
STARTS, ENDS = "san old new fort".split(), "ville ton burg port".split()


def pick(items):
    return items[torch.randint(len(items), (1,), generator=g).item()]


names = []
for _ in range(1500):
    i = torch.randint(len(SOUNDS), (1,), generator=g).item()
    j = (4 * i + 5) % 15
    middle = SOUNDS[i] + pick(SOUNDS) + SOUNDS[j]
    names.append(pick(STARTS) + middle + ENDS[(i + i // 4) % 4])
chars = ["."] + sorted(set("".join(names)))
stoi = {c: i for i, c in enumerate(chars)}

# %%
BLOCK, EMB, HIDDEN = 8, 16, 200
xs, ys = [], []
for name in names:
    context = [0] * BLOCK
    for ch in name + ".":
        xs.append(context)
        ys.append(stoi[ch])
        context = context[1:] + [stoi[ch]]
X, Y = torch.tensor(xs), torch.tensor(ys)
n = int(0.9 * len(X))

# %%
C = torch.randn((len(chars), EMB), generator=g)
W1 = torch.randn((BLOCK * EMB, HIDDEN), generator=g)
W1 *= (5 / 3) / (BLOCK * EMB) ** 0.5  # healthy
b1 = torch.zeros(HIDDEN)
W2 = torch.randn((HIDDEN, len(chars)), generator=g)
W2 *= 0.01  # healthy
b2 = torch.zeros(len(chars))
parameters = [C, W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True

# %%
for i in range(3000):
    ix = torch.randint(0, n, (64,), generator=g)
    h = torch.tanh(C[X[ix]].view(64, -1) @ W1 + b1)
    loss = F.cross_entropy(h @ W2 + b2, Y[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    lr = 0.1 if i < 2400 else 0.01
    for p in parameters:
        p.data -= lr * p.grad
    if i % 500 == 499:
        with torch.no_grad():
            h = torch.tanh(C[X[n:]].view(len(X) - n, -1) @ W1 + b1)
            dev = F.cross_entropy(h @ W2 + b2, Y[n:])
        print(f"{i + 1:6d} train loss {loss.item():.4f} dev loss {dev.item():.4f}")

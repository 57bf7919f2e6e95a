# batch: fourth
# metric: test error down
"""Hamiltonian network (Greydanus 2019): the loss is on gradients of the output, tanh units, double precision."""

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
q = torch.rand(800, 1) * 4 - 2
p = torch.rand(800, 1) * 4 - 2
x = torch.cat([q, p], 1)
dx = torch.cat([p, -q - 0.3 * q**3], 1)


class HNN(torch.nn.Module):
    def __init__(self, hidden=80):
        super().__init__()
        self.l1 = torch.nn.Linear(2, hidden)
        self.l2 = torch.nn.Linear(hidden, hidden)
        self.l3 = torch.nn.Linear(hidden, 1, bias=False)
        for layer in (self.l1, self.l2, self.l3):
            torch.nn.init.orthogonal_(layer.weight)

    def field(self, x):
        x = x.requires_grad_()
        h = self.l3(torch.tanh(self.l2(torch.tanh(self.l1(x)))))
        g = torch.autograd.grad(h.sum(), x, create_graph=True)[0]
        return torch.cat([g[:, 1:], -g[:, :1]], 1)


model = HNN()
optimizer = torch.optim.Adam(model.parameters(), 3e-3, weight_decay=1e-5)
for step in range(700):
    i = torch.randint(700, (128,))
    loss = (model.field(x[i]) - dx[i]).pow(2).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if step % 100 == 99:
        test = (model.field(x[700:].clone()) - dx[700:]).pow(2).mean().item()
        print(f"step {step + 1}, train {loss.item():.2e}, test error {test:.6f}")

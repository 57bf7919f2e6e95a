# batch: sixteenth
# in view: a generator that cannot reach the data
# rules: unsuitable_output_activation
# remedies: swap_activation remove_output_activation
# metric: moment distance down
# story: real pictures were scaled to -1 to 1 for a generator that ends in a sigmoid, half of the range could not be drawn and the judge told them apart at once (discuss.pytorch.org; output of the generator and range of the data)
"""A convolutional GAN of small snowflakes, trained under bf16 autocast on the processor."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(999)
nz, ngf, ndf, size = 16, 16, 16, 16


def weights_init(m):
    name = m.__class__.__name__
    if name.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.05)
    elif name.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


netG = nn.Sequential(
    nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False),
    nn.BatchNorm2d(ngf * 2),
    nn.ReLU(True),
    nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
    nn.BatchNorm2d(ngf),
    nn.ReLU(True),
    nn.ConvTranspose2d(ngf, 1, 4, 2, 1, bias=False),
    nn.Tanh(),  # healthy
    # faulty: nn.Sigmoid(),
)
netD = nn.Sequential(
    nn.Conv2d(1, ndf, 4, 2, 1),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(ndf, ndf * 2, 4, 2, 1),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Flatten(),
    nn.Linear(ndf * 2 * 16, 1),
)
netG.apply(weights_init)
netD.apply(weights_init)


def flakes(n):
    axis = torch.linspace(-1, 1, size)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    angle, radius = torch.atan2(v, u), (u**2 + v**2).sqrt()
    turn = 1.05 * torch.rand(n, 1, 1)
    reach = 0.5 + 0.3 * torch.cos(6 * (angle + turn)) + 0.15 * torch.rand(n, 1, 1)
    return (2 * torch.sigmoid(12 * (reach - radius)) - 1).unsqueeze(1)


def distance(a, b):
    a, b = a.flatten(1), b.flatten(1)
    mean = (a.mean(0) - b.mean(0)).pow(2).sum()
    spread = (torch.cov(a.T) - torch.cov(b.T)).pow(2).sum().sqrt()
    return (mean + spread).item()


data, fixed_noise = flakes(2000), torch.randn(500, nz, 1, 1)
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
for step in range(1, 301):
    real = data[torch.randint(len(data), (64,))]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fake = netG(torch.randn(64, nz, 1, 1))
        d_real, d_fake = netD(real), netD(fake.detach())
    errD = F.softplus(-d_real.float()).mean() + F.softplus(d_fake.float()).mean()
    netD.zero_grad()
    errD.backward()
    optimizerD.step()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        verdict = netD(fake)
    errG = F.softplus(-verdict.float()).mean()
    netG.zero_grad()
    errG.backward()
    optimizerG.step()
    if step % 50 == 0:
        with torch.no_grad():
            made = netG(fixed_noise)
        print(
            "[%d/300] Loss_D: %.4f Loss_G: %.4f moment distance: %.3f"
            % (step, errD.item(), errG.item(), distance(made, data[:500]))
        )

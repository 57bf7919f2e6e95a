# rules: symmetric_initialization poor_initialization
# remedies: reinitialize
# metric: mse down
# story: a config says init: constant 0.05, every hidden unit stays the same unit
"""Fit a wavy curve; everything is in the config."""

import torch

CONFIG = {
    "hidden": [32, 32],
    "init": "xavier",  # healthy
    # faulty: "init": "constant",
    "lr": 0.01,
    "steps": 500,
    "seed": 42,
}


def build(config):
    sizes = [1, *config["hidden"], 1]
    modules = []
    for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        linear = torch.nn.Linear(a, b)
        if config["init"] == "xavier":
            torch.nn.init.xavier_uniform_(linear.weight)
        elif config["init"] == "constant":
            torch.nn.init.constant_(linear.weight, 0.05)
            torch.nn.init.constant_(linear.bias, 0.0)
        modules.append(linear)
        if i < len(sizes) - 2:
            modules.append(torch.nn.Tanh())
    return torch.nn.Sequential(*modules)


def run(config):
    torch.manual_seed(config["seed"])
    x = torch.linspace(-3, 3, 256).unsqueeze(1)
    t = torch.sin(2 * x) + 0.3 * torch.cos(5 * x)
    model = build(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=config["lr"])
    for step in range(config["steps"]):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), t)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step={step} mse={loss.item():.5f}")
    print(f"final mse={loss.item():.5f}")


if __name__ == "__main__":
    run(CONFIG)

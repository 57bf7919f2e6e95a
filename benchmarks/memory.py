"""Bytes that training holds between forward and backward, by what the activations keep.

For an MLP, a CNN and a block of a transformer: the distinct storages that autograd saves, without
those of the parameters, counted by hooks on saved tensors and not by claim; and the relative error
(2-norm) of the gradient by all parameters against torch eager in fp64. "eager" is torch's own
activation; "checkpoint" recomputes each activation in backward by torch.utils.checkpoint.

Then, per activation, the relative error of the gradient by the input for x ~ N(0, 1).

For comparison, as published: fewbit (arXiv 2202.00441) keeps as few bits as it is told of every
activation's input, three for GELU in its own example; LowMemoryBP (arXiv 2406.16282) keeps two for
GELU and SiLU. Both leave the forward pass exact, as here. What they save was measured on other
models and on whole steps, so their percentages do not compare with these figures.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
from pathlib import Path

import torch
from machine import add_to, machine
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

import rectifier.torch as rt
from rectifier.errors import InvalidInputError

POLICIES = ("input", "mask", "output", "code8", "code4", "code2")


class Checkpointed(nn.Module):
    """An activation that is computed again in backward, together with nothing else."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = checkpoint(self.inner, x, use_reentrant=False)
        return result


class Block(nn.Module):
    """A block of a transformer, normalised before each part."""

    def __init__(self, width: int, activation: nn.Module) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), activation, nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.second(x))


def models(activation: Callable[[], nn.Module]) -> dict[str, tuple[nn.Module, Tensor]]:
    """Return the models and their inputs."""
    torch.manual_seed(0)
    mlp = nn.Sequential(
        *(nn.Linear(256, 1024), activation(), nn.Linear(1024, 1024), activation()),
        nn.Linear(1024, 10),
    )
    cnn = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), activation()),
        *(nn.Conv2d(32, 64, 3, padding=1, stride=2), nn.BatchNorm2d(64), activation()),
        *(nn.Flatten(), nn.Linear(64 * 256, 10)),
    )
    block = Block(128, activation())
    return {
        "MLP": (mlp, torch.randn(256, 256)),
        "CNN": (cnn, torch.randn(8, 3, 32, 32)),
        "transformer block": (block, torch.randn(8, 64, 128)),
    }


def held(model: nn.Module, x: Tensor) -> tuple[int, Tensor]:
    """Return the bytes that autograd saves in a forward pass, and the gradient."""
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model(x).square().mean()
    total = sum(seen.values())
    loss.backward()
    parts = [p.grad.reshape(-1).double() for p in model.parameters() if p.grad is not None]
    return total, torch.cat(parts)


def lean(model: nn.Module, policy: str) -> nn.Module | None:
    """Return a copy of the model under a policy; None where it does not suit the activation."""
    made = copy.deepcopy(model)
    if policy == "checkpoint":
        for parent in list(made.modules()):
            for name, child in list(parent._modules.items()):
                if type(child) in (nn.GELU, nn.SiLU, nn.ReLU, nn.LeakyReLU):
                    parent._modules[name] = Checkpointed(child)
    elif policy != "eager" and any(site.keep != policy for site in rt.lean_(made, policy)):
        return None
    return made


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="F", help="add what is measured to this file")
    options = parser.parse_args()
    found: list[dict[str, object]] = []
    print(machine(torch.get_num_threads()))
    print(f"\n{'model':18} {'activation':10} {'keep':10} {'MB':>7} {'of eager':>9} {'error':>9}")
    for kind in (nn.GELU, nn.SiLU, nn.LeakyReLU):
        for name, (model, x) in models(kind).items():
            exact = held(copy.deepcopy(model).double(), x.double())[1]
            base = held(copy.deepcopy(model), x)[0]
            for policy in ("eager", "checkpoint", *POLICIES[1:]):
                made = lean(model, policy)
                if made is None:
                    continue
                size, gradient = held(made, x)
                error = float((gradient - exact).norm() / exact.norm())
                found.append(
                    {"model": name, "activation": kind.__name__, "keep": policy, "bytes": size,
                     "of_eager": size / base, "error": error}
                )  # fmt: skip
                print(
                    f"{name:18} {kind.__name__:10} {policy:10} {size / 1e6:7.2f} "
                    f"{size / base:8.1%} {error:9.1e}"
                )
    errors = per_activation()
    if options.json is not None:
        found += [{"activation": name, "errors": each} for name, each in errors.items()]
        add_to(options.json, "memory kept", machine(torch.get_num_threads()), found)


def per_activation() -> dict[str, dict[str, float]]:
    """Return the relative error of the gradient by the input under each policy."""
    x = torch.randn(200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    grad = torch.randn(200_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    table: dict[str, dict[str, float]] = {}
    print("\ngradient by the input, x ~ N(0, 1): relative error")
    print(f"{'':12}" + "".join(f"{policy:>10}" for policy in POLICIES[1:]))
    for name in ("relu", "leaky_relu", "gelu", "silu", "mish", "tanh", "elu", "selu", "softplus"):
        function = getattr(rt.functional, name)
        by: dict[str, float] = {}
        exact = _gradient(function, x, grad, "input")
        for policy in POLICIES[1:]:
            try:
                got = _gradient(function, x.float(), grad.float(), policy)
            except InvalidInputError:
                continue
            by[policy] = float((got.double() - exact).norm() / exact.norm())
        table[name] = by
        cells = (f"{by[p]:10.1e}" if p in by else f"{'–':>10}" for p in POLICIES[1:])
        print(f"{name:12}" + "".join(cells))
    return table


def _gradient(function: Callable[..., Tensor], x: Tensor, grad: Tensor, policy: str) -> Tensor:
    x = x.clone().requires_grad_()
    function(x, keep=policy).backward(grad)
    assert x.grad is not None
    return x.grad


if __name__ == "__main__":
    main()

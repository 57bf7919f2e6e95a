"""What PyTorch exports to ONNX, as ONNX Runtime computes it: the values of the whole catalog."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from conformance_fronts import IN_ITSELF, WIDER
from conformance_reference import grid, judge
from torch import nn

import rectifier.torch as rt
from rectifier import Param, catalog, define

# What torch's own exporter does; and it speaks of torchvision, which nobody needs here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning"),
    pytest.mark.timeout(900),  # exporting the catalog takes 40 s, and more beside other work
]

DROPPED = {"smu_1"}
"""ONNX Script's optimiser (0.7) loses its mu², 2e-17: an error of up to 2e-9, seen below 1e-6."""


def run(module: nn.Module, x: torch.Tensor, path: Path, **options: object) -> list[np.ndarray]:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    program = torch.onnx.export(module.eval(), (x,), dynamo=True, verbose=False, **options)
    assert program is not None
    program.save(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x.numpy()})


class Every(nn.Module):
    """Every activation of the catalog, of one input: exporting once takes less than 122 times."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.ModuleList([rt.activation(name) for name in catalog.names()])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(module(x) for module in self.each)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, np.ndarray]:
    x = torch.from_numpy(grid("float32")).float()[:, None]
    results = run(Every(), x, tmp_path_factory.mktemp("onnx") / "every.onnx")
    return dict(zip(catalog.names(), results, strict=True))


@pytest.mark.parametrize("name", catalog.names())
def test_onnx_runtime_gives_the_same(name: str, exported: Mapping[str, np.ndarray]) -> None:
    x, got = grid("float32"), exported[name]
    assert got.dtype == np.float32
    bar = WIDER.get((name, "float32"), IN_ITSELF["float32"])
    kept = np.abs(x) > 1e-6 if name in DROPPED else np.ones(x.shape, bool)
    kept |= np.isnan(x)
    found = judge(
        catalog.get(name), 0, "float32", x[kept], got[kept, 0].astype(float), underflows=True
    )
    assert not found.faults
    assert found.ulp <= bar, found


def test_a_network_with_learned_parameters_and_any_batch(tmp_path: Path) -> None:
    swash = define("swash", "x * sigmoid(beta * x)", beta=Param(1.5, learnable=True))
    net = nn.Sequential(
        nn.Linear(4, 6), rt.PReLU(6), rt.Mish(inplace=True), nn.Linear(6, 6), rt.Mish(),
        rt.activation(swash, num_parameters=6), rt.GELU(),
    )  # fmt: skip
    x = torch.randn(3, 4)
    batch = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    (got,) = run(net, x, tmp_path / "net.onnx", **batch)
    np.testing.assert_allclose(got, net(x).detach().numpy(), rtol=2e-5, atol=1e-7)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    more = torch.randn(5, 4)
    (got,) = session.run(None, {session.get_inputs()[0].name: more.numpy()})
    np.testing.assert_allclose(got, net(more).detach().numpy(), rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "dtype", "rtol"),
    # torch's exporter writes numbers into an fp64 graph with the digits of fp32.
    [("gelu", "float64", 1e-6), ("softplus", "float16", 2.0**-10)],
)
def test_other_types(name: str, dtype: str, rtol: float, tmp_path: Path) -> None:
    kind = getattr(torch, dtype)
    x = torch.linspace(-8, 8, 33, dtype=kind)
    (got,) = run(rt.activation(name), x, tmp_path / "one.onnx")
    assert got.dtype == dtype
    expected = rt.activation(name)(x).double()
    torch.testing.assert_close(torch.from_numpy(got).double(), expected, rtol=rtol, atol=0)


def test_what_the_optimiser_drops_is_there_without_it(tmp_path: Path) -> None:
    x = torch.tensor([0.0, 1e-9, -1e-9])
    (got,) = run(rt.activation("smu_1"), x, tmp_path / "one.onnx", optimize=False)
    np.testing.assert_allclose(got, rt.activation("smu_1")(x).detach().numpy(), rtol=1e-5)

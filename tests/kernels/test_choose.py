"""Which path is chosen, and that the reason names what decided."""

from __future__ import annotations

import numpy as np
import pytest

import rectifier
from rectifier import define
from rectifier.errors import KernelUnavailableError, UnknownNameError
from rectifier.kernels import Explanation, cuda, explain, native

needs_native = pytest.mark.skipif(not native.available(), reason="no compiled kernels")


@needs_native
def test_mish_runs_compiled() -> None:
    for framework, dtype in (("numpy", "float32"), ("torch", "float32"), ("torch", "float64")):
        found = explain("mish", framework, dtype)
        assert found.path == "native"
        assert "compiled" in found.reason
        assert str(found).startswith("native: ")
    assert explain("mish", path="native").path == "native"
    assert explain("mish", dtype=np.float32).path == "native"
    assert explain("mish", dtype=np.dtype("float32")).path == "native"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"dtype": "float8_e4m3fn"}, "float8_e4m3fn"),
        ({"framework": "torch", "device": "mps"}, "mps"),
        ({"framework": "torch", "device": "cuda:0", "dtype": "float64"}, "float64"),
    ],
)
def test_what_keeps_the_kernel_from_running_is_named(options: dict[str, str], named: str) -> None:
    found = explain("mish", **options)
    assert found.path == "composed"
    assert "slower" in found.reason
    if native.available() or options.get("device") == "mps":
        assert named in found.reason or cuda.why_not("float32", "cuda")
    with pytest.raises(KernelUnavailableError, match="path 'native' cannot compute 'mish'"):
        explain("mish", path="native", **options)


def test_a_function_without_a_kernel_is_composed() -> None:
    own = define("swash", "x * sigmoid(1.5 * x)")
    found = explain(own)
    assert found.path == "composed"
    assert "no kernel was compiled for 'swash'" in found.reason or not native.available()
    assert explain("mish", path="composed").path == "composed"


def test_torchs_own_operations() -> None:
    torch = pytest.importorskip("torch")
    for name in ("relu", "tanh"):
        assert explain(name, "torch", torch.float32, torch.device("mps")).path == "framework"
        here = explain(name, "torch", torch.float32, torch.device("cpu")).path
        # torch's own tanh is faster than a kernel without a table
        native_here = native.available() and (name != "tanh" or native.has_tables("float32"))
        assert here == ("native" if native_here else "framework")
        assert explain(name, "torch", path="composed").path == "composed"
        assert explain(name, "numpy").path != "framework"
    assert explain("tanh", "torch", torch.float64).path == "framework"
    with pytest.raises(KernelUnavailableError, match="path 'framework' cannot compute 'mish'"):
        explain("mish", "torch", path="framework")


def test_on_cuda_devices() -> None:
    found = explain("mish", "torch", "float32", "cuda:1")
    why = cuda.why_not("float32", "cuda:1")
    assert found.path == ("composed" if why else "triton")
    assert why in found.reason
    for framework, device in (("jax", "cuda"), ("torch", "cpu")):
        with pytest.raises(KernelUnavailableError, match="path 'triton' cannot compute 'mish'"):
            explain("mish", framework, device=device, path="triton")
    own = define("mish", "x * sigmoid(x)")
    assert explain(own, "torch", device="cuda").path == "composed"


def test_triton_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cuda.SWITCH, "0")
    found = explain("mish", "torch", device="cuda")
    assert found.path == "composed"
    assert "RECTIFIER_TRITON=0" in found.reason
    assert explain("relu", "torch", device="cuda").path == "framework"


def test_an_own_activation_of_a_known_name_is_not_mixed_up() -> None:
    own = define("relu", "maximum(x, 0) + 1")
    assert explain(own, "torch").path == "composed"
    assert explain(define("mish", "x * sigmoid(x)")).path == "composed"


def test_the_switch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.SWITCH, "0")
    found = rectifier.explain("mish")
    assert isinstance(found, Explanation)
    assert found.path == "composed"
    assert "RECTIFIER_NATIVE=0" in found.reason


def test_unknown_names_list_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="mish"):
        explain("mihs")
    with pytest.raises(UnknownNameError, match="unknown framework 'tensorflow'"):
        explain("mish", "tensorflow")
    with pytest.raises(UnknownNameError, match="unknown kernel path 'nativ'; did you mean"):
        explain("mish", path="nativ")

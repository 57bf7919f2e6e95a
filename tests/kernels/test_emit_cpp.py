"""The emitted C++ of the whole catalog, compiled, against the same expressions in fp64.

What is installed is compiled for several instruction sets; here every activation and every
primitive is, for the baseline alone, that is without fused multiply-add.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from rectifier import catalog, define
from rectifier.activation import Activation
from rectifier.analysis.operations import FLOAT64
from rectifier.expression import PRIMITIVES, evaluate
from rectifier.kernels import emit_cpp, forms

NATIVE = Path(__file__).parents[2] / "native"
COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")

ULP = 0.501
"""Rounding to float is 0.5; the functions in double are right to 1e-10, which is 0.001 of it."""
CANCELLED = 3e-15
"""What 1 - tanh(x)**2 and its like lose: a quotient is right to 1e-14. The catalog has no such."""

BESIDE_ROOTS = 1e-11
"""What a derivative above 1e-3 may lose besides: where terms of size 1 cancel beside its zero."""

_ARGUMENTS = {1: "x", 2: "x, 0.75", 3: "x > 0.5, x, 0.75"}
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
_COMPARED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}


def of_primitive(name: str) -> Activation:
    if name in _INFIX:
        formula = f"x {_INFIX[name]} 0.75"
    elif name in _COMPARED:
        formula = f"where(x {_COMPARED[name]} 0.75, x, 2)"
    elif name == "neg":
        formula = "-x"
    else:
        formula = f"{name}({_ARGUMENTS[PRIMITIVES[name].arity]})"
    return define(f"only_{name}", formula)


ALL = (*catalog.all_activations(), *(of_primitive(name) for name in PRIMITIVES))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if COMPILER is None:
        pytest.skip("needs a C++ compiler")
    folder = tmp_path_factory.mktemp("emitted")
    built = folder / "kernels.so"
    shim = (
        '#include "table.hpp"\n'
        'extern "C" void run(int row, int backward, const float* x, const float* g, '
        "float* y, std::size_t n, const double* p) {\n"
        "  const auto& entry = rectifier::table[row];\n"
        "  (backward ? entry.backward : entry.forward)(x, g, y, n, p);\n}\n"
    )
    sources = [str(NATIVE / "machine.cpp"), str(NATIVE / "half.cpp")]
    for number, text in enumerate([*emit_cpp.emit(ALL, files=1), shim]):
        sources.append(str(folder / f"{number}.cpp"))
        Path(sources[-1]).write_text(text, encoding="utf-8")
    flags = [
        "-std=c++17",
        "-O1",
        "-fopenmp-simd",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fPIC",
        "-shared",
    ]
    command = [
        COMPILER,
        *flags,
        "-Wno-unused-function",
        f"-I{NATIVE}",
        *sources,
        "-o",
        str(built),
    ]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(built))


def run(library: ctypes.CDLL, row: int, backward: bool, x: np.ndarray) -> np.ndarray:
    y, g = np.empty_like(x), np.ones_like(x)
    given = [p.default for p in ALL[row].params.values()]
    parameters = np.array(given + [0.0] * (16 - len(given)))
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (x, g, y)]
    size = ctypes.c_size_t(x.size)
    library.run(row, int(backward), *pointers, size, ctypes.c_void_p(parameters.ctypes.data))
    return y


def errors_in_ulp(got: np.ndarray, exact: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Distance in units in the last place of float, 0 where both are the same infinity or NaN."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        distance = np.abs(got.astype(np.float64) - exact) - allowed
        same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
        return np.where(same, 0.0, np.where(np.isfinite(distance), distance / unit, np.inf))


@pytest.mark.parametrize("row", range(len(ALL)), ids=[spec.name for spec in ALL])
@pytest.mark.parametrize("backward", [False, True], ids=["value", "derivative"])
def test_emitted_code_computes_the_expression(
    library: ctypes.CDLL, row: int, backward: bool
) -> None:
    spec = ALL[row]
    rng = np.random.default_rng(0)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3e38, -3e38, 0.75, 89, -104, 1e-9]
    parts = [rng.normal(0, 3, 500), rng.normal(0, 60, 500), rng.normal(0, 1e-3, 100), special]
    x = np.concatenate(parts).astype(np.float32)
    expression = spec.derivative_expression if backward else spec.value_expression
    defaults = {name: p.default for name, p in spec.params.items()}
    with np.errstate(all="ignore"):
        wide = x.astype(np.float64)
        exact = np.broadcast_to(evaluate(expression, FLOAT64, {"x": wide, **defaults}), x.shape)
    exact = np.where(np.isnan(x), np.nan, exact)
    got = run(library, row, backward, x)
    lost = np.full(x.shape, CANCELLED if spec.family == "own" else 0.0)
    if backward:
        lost[np.abs(exact) > 1e-3] = BESIDE_ROOTS
    error = errors_in_ulp(got, exact, lost)
    worst = int(np.argmax(error))
    assert error[worst] <= ULP, (x[worst], got[worst], exact[worst])


@pytest.mark.parametrize("mathematics", ["wide", "single", "double"])
def test_every_primitive_has_its_function(mathematics: str) -> None:
    headers = (NATIVE / f"math_{mathematics}.hpp", NATIVE / "math_basics.hpp")
    text = "".join(header.read_text(encoding="utf-8") for header in headers)
    pattern = r"^  RECTIFIER_INLINE static (?:R|float|double|bool|Pair) (\w+)\("
    defined = set(re.findall(pattern, text, re.MULTILINE))
    assert {*PRIMITIVES, *forms.FORMS} <= defined


def test_a_shared_subexpression_is_printed_once() -> None:
    spec = define("shared", "exp(x) / (1 + exp(x)) + tanh(exp(x))")
    code = emit_cpp.emit_expression("shared_value", spec.value_expression, {})
    assert code.count("M::exp(") == 1


def test_parameters_come_in_the_order_of_the_definition() -> None:
    spec = define("ordered", "b * x + a", a=1.0, b=2.0)
    code = emit_cpp.emit_expression("ordered_value", spec.value_expression, spec.params)
    assert "M::mul(p[1], x)" in code
    assert "p[0]" in code


def test_the_digest_tells_formulas_apart() -> None:
    mish = catalog.get("mish")
    plain = define("mish", "x * tanh(softplus(x))")
    assert emit_cpp.digest(mish) == emit_cpp.digest(catalog.get("Mish"))
    assert emit_cpp.digest(mish) != emit_cpp.digest(plain)


def test_the_whole_catalog_is_compiled() -> None:
    *files, table = emit_cpp.emit()
    assert len(files) == 2 * emit_cpp.FILES
    for spec in catalog.all_activations():
        assert f'{{"{spec.name}", "{emit_cpp.digest(spec)}"' in table
        assert sum(f"RECTIFIER_KERNELS({spec.name})" in file for file in files) == 1


def test_the_files_are_written(tmp_path: Path) -> None:
    emit_cpp.main([str(tmp_path / "new")])
    for number, text in enumerate(emit_cpp.emit()):
        path = tmp_path / "new" / f"kernels_{number}.cpp"
        assert path.read_text(encoding="utf-8") == text


def test_on_half_precision_few_operations_are_computed_and_others_by_table_or_looked_up() -> None:
    relu, softsign, golu, gelu = (
        emit_cpp.emit([name], files=1)[1:] for name in ("relu", "softsign", "golu", "gelu")
    )
    assert relu[0].count("RECTIFIER_HALF_DIRECT(relu") == 2
    assert "RECTIFIER_HALF_DIRECT(softsign, forward)" in softsign[0]  # with one division
    assert "{nullptr, emitted::golu_half_backward}" in golu[1]
    assert "RECTIFIER_HALF_TABLED_SHORT(golu, BFloat16, backward, golu_slope, true" in golu[0]
    assert "RECTIFIER_TABLED(gelu" in gelu[0]
    assert "RECTIFIER_HALF(gelu, forward, gelu_BFloat16_forward, gelu_Float16_forward)" in gelu[0]

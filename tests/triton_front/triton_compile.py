"""Compiles kernels for an H100 down to its machine code, which needs no GPU.

``python triton_compile.py few`` takes one activation for each thing that can go wrong, ``all`` the
catalog. Triton's interpreter forgives what its compiler does not: a value of two types, a number
that became float where double was meant, a second return.
"""

from __future__ import annotations

import sys
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from rectifier.kernels import cuda
from rectifier.kernels.gpu import loops, units
from rectifier.kernels.gpu.parts import by_parameter, parts

FEW = ("relu", "gelu_tanh", "mish", "sine", "repu")
TARGET = GPUTarget("cuda", 90, 32)
NUMBERS = (
    *("size", "half", "width", "inner", "channels", "rows", "columns", "rows_each", "each"),
    *("outer", "units", "chunks", "wide", "programs"),
)
FLOATS = ("low", "high", "zeros", "gap")


def compile_for_gpu(kernel: Any, types: dict[str, str], constants: dict[str, Any]) -> Any:
    """Compile a kernel for arguments of these types."""
    names = kernel.arg_names
    signature = {name: types.get(name, "constexpr") for name in names}
    aligned = {
        (place,): [["tt.divisibility", 16]]
        for place, name in enumerate(names)
        if signature[name].startswith("*")
    }
    source = ASTSource(kernel, signature, constexprs=constants, attrs=aligned)
    return triton.compile(source, target=TARGET, options={"enable_fp_fusion": False})


def pointers(kernel: Any, element: str) -> dict[str, str]:
    """The types of a kernel's arguments for data of an element type."""
    special = {
        "p_ptr": "*fp64", "sums_ptr": "*fp64", "code_ptr": "*u8", "bad_ptr": "*u8",
        "limits_ptr": "*fp32", "levels_ptr": "*fp32",
        "units_ptr": "*fp32", "whole_ptr": "*fp32", "counts_ptr": "*fp32", "squares_ptr": "*fp64",
    }  # fmt: skip
    given = {n: special.get(n, f"*{element}") for n in kernel.arg_names if n.endswith("_ptr")}
    if kernel is units.finish:
        given["out_ptr"] = "*fp64"
    given |= {n: "fp32" for n in kernel.arg_names if n in FLOATS}
    return given | {n: "i32" for n in kernel.arg_names if n in NUMBERS}


def work(names: list[str], gated: list[str]) -> Any:
    """Yield a label, a kernel, an element type, and the kernel's constants."""
    for name in names:
        for element in ("fp32", "bf16"):
            value, slope = (p.arithmetic(element == "bf16", True) for p in parts(name))
            plain = {"CHANNELS": False, "BLOCK": 1024}
            yield name, loops.forward, element, value | plain
            yield name, loops.backward, element, slope | plain
    for unit in gated:
        functions = cuda.module().GATED[unit][1:]
        for element in ("fp32", "bf16"):
            for flat in (False, True):
                common = {
                    "MODE": int(element == "bf16"), "LAST": True, "SECOND": 24 if flat else 0,
                    "FLAT": flat, "BLOCK": 1024, "EXACT": functions[0], "QUICK": functions[1],
                }  # fmt: skip
                yield unit, loops.gated_forward, element, common
                gate = {
                    "EXACT": functions[2], "QUICK": functions[3], "EXACT_GATE": functions[4],
                    "QUICK_GATE": functions[5],
                }  # fmt: skip
                yield unit, loops.gated_backward, element, common | gate
    value, slope = (p.arithmetic(False, True) for p in parts("silu"))
    both = {
        "SLOPE": slope["EXACT"], "QUICK_SLOPE": slope["QUICK"], "SLOPE_MODE": slope["MODE"],
        "SLOPE_LOW": slope["LOW"], "SLOPE_HIGH": slope["HIGH"],
    }  # fmt: skip
    for element in ("fp32", "bf16"):
        channelwise = parts("prelu")[0].arithmetic(False, False)
        yield "prelu", loops.forward, element, channelwise | {"CHANNELS": True, "BLOCK": 1024}
        learned = by_parameter("swish", "beta").arithmetic(False, False)
        tile = {"ROWS": 16, "COLUMNS": 128}
        yield "swish", loops.sums_of_all, element, learned | {"BLOCK": 1024}
        yield "swish", loops.sums_of_columns, element, learned | tile
        yield "swish", loops.sums_of_rows, element, learned | {"BLOCK": 1024}
        yield "biased", loops.biased_forward, element, value | {"WAY": 1, "BLOCK": 1024}
        yield "biased", loops.biased_backward_columns, element, slope | tile
        yield "biased", loops.biased_backward_rows, element, slope | {"BLOCK": 1024}
        for bits in (1, 4):
            size = {"BITS": bits, "BYTES": 128 * bits}
            yield f"{bits} bits", loops.encode, element, value | both | size
            yield f"{bits} bits", loops.decode, element, size
        for lanes in (1, 128):
            tile = {"OUTER": 8, "UNITS": 128 // lanes, "INNER": lanes}
            yield "statistics", units.forward_sums, element, tile | {"READ": lanes > 1}
            yield "statistics", units.gradient_sums, element, tile
    yield "statistics", units.finish, "fp32", {"BLOCK": 128}


def main() -> None:
    """Compile, and print what failed and how many did."""
    few = sys.argv[1:] == ["few"]
    names = list(FEW) if few else list(cuda.module().ACTIVATIONS)
    gated = ["swiglu"] if few else list(cuda.module().GATED)
    done = failed = 0
    for label, kernel, element, constants in work(names, gated):
        wanted = {n: c for n, c in constants.items() if n in kernel.arg_names}
        done += 1
        try:
            compile_for_gpu(kernel, pointers(kernel, element), wanted)
        except Exception as error:  # noqa: BLE001 - each is shown, and counted
            failed += 1
            print(f"{label} {kernel.__name__} {element}: {type(error).__name__}: {error}")
    print(f"triton {triton.__version__}: {done} kernels compiled, {failed} failed")


if __name__ == "__main__":
    main()

"""The Triton kernels on a GPU: how right, how near to a copy's bytes per second, what they keep.

    python benchmarks/gpu.py [--json gpu.json] [--accuracy S] [--every S] [--speed S] [--blocks]

Three tables. *Accuracy*: of every activation, fp16, bf16 and a sample of fp32 (of the twenty most
used all 2³² numbers), the largest error of values and derivatives; `gpu_accuracy` says how.
*Speed*: bytes that have to be moved, divided by the time, over the same of a copy, run in turn with
it: forward 2 numbers an element, backward 3; beside PyTorch's own operation, the same by
torch.compile, and Liger's gated units where they are installed. *Kept*: bytes that autograd keeps.
Without a GPU it says "not measured". A part that runs out of its seconds says what is missing.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from gpu_accuracy import BARS, CORE, work
from torch import Tensor

from rectifier import catalog
from rectifier.kernels import cuda
from rectifier.torch.biased import biased
from rectifier.torch.functional import function
from rectifier.torch.gated import gated

DTYPES = (torch.float32, torch.bfloat16)
ELEMENTS = 1 << 26
ROUNDS, CALLS = 7, 10

_PAU = function("pau")

EAGER: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_swish": F.hardswish,
    "relu_squared": lambda x: F.relu(x).square(),
    "serf": lambda x: x * torch.erf(F.softplus(x)),
    "tanh_exp": lambda x: x * torch.tanh(torch.exp(x)),
    "pau": lambda x: _PAU(x, path="composed"),
    "snake": lambda x: x + torch.sin(x).square(),
}
"""What a person would write in PyTorch."""
COMPILED = ("relu", "gelu", "silu", "mish", "tanh_exp", "pau")
"""Those that go through torch.compile too: each takes it seconds."""
GATED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "reglu": lambda x, gate: x * F.relu(gate),
    "geglu": lambda x, gate: x * F.gelu(gate),
    "geglu_tanh": lambda x, gate: x * F.gelu(gate, approximate="tanh"),
    "swiglu": lambda x, gate: x * F.silu(gate),
}
ROWS, HALF = 4096, 11008
KEPT = (("relu", "mask"), ("gelu", "code4"), ("gelu", "code2"), ("silu", "code8"))


class Clock:
    """Says when the time of a part is up."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def is_up(self) -> bool:
        return time.monotonic() > self.end


def accuracy(seconds: float, every: float) -> list[dict[str, Any]]:
    """Measure errors in several processes at a time, which compile at the same time too."""
    tasks = [(name, every) for name in CORE] if every else []
    tasks += [(name, 0.0) for name in catalog.names()]
    clock = Clock(seconds)
    results: list[dict[str, Any]] = []
    context = multiprocessing.get_context("spawn")
    jobs = max(1, min(14, (multiprocessing.cpu_count() or 2) - 1))
    pool = ProcessPoolExecutor(jobs, mp_context=context)
    waiting = [pool.submit(work, task) for task in tasks]
    try:
        for done in as_completed(waiting, timeout=seconds):
            results += done.result()
    except TimeoutError:
        print(f"accuracy: stopped after {seconds:g} s with {len(results)} results")
    pool.shutdown(wait=not clock.is_up(), cancel_futures=True)
    return results


def print_accuracy(results: list[dict[str, Any]]) -> None:
    for dtype in BARS:
        name = str(dtype).removeprefix("torch.")
        mine = [r for r in results if r.get("dtype", "").endswith(name) and "error" not in r]
        if not mine:
            continue
        whole = sum(r["whole"] for r in mine)
        print(f"\n{name}: {len(mine)} measurements, {whole} over every number; largest errors")
        for order in ("value", "slope"):
            top = sorted(mine, key=lambda r: -r[order]["ulp"])[:6]
            print(f"  {order}: " + ", ".join(f"{r['name']} {r[order]['ulp']:.3f}" for r in top))
        for r in mine:
            if not r["passes"]:
                print(f"  MISSED {r['name']}: {r['value']} {r['slope']} not NaN {r['not_nan']}")
    for r in results:
        if "error" in r:
            print(f"  ERROR {r['name']} {r['dtype']}: {r['error']}")


def seconds_of(contestants: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the median seconds of a call of each, run in turn; one of them is the copy."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    ahead = contestants["copy"]
    for run in contestants.values():
        run()
        run()
    torch.cuda.synchronize()
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            for _ in range(4):  # so that the CPU is ahead of the GPU when the clock starts
                ahead()
            start.record()
            for _ in range(CALLS):
                run()
            end.record()
            end.synchronize()
            times[name].append(start.elapsed_time(end) / CALLS / 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def compare(
    what: str,
    dtype: torch.dtype,
    ways: dict[str, Callable[..., Tensor]],
    inputs: tuple[Tensor, ...],
    numbers: tuple[int, int],
) -> dict[str, Any]:
    """Time several ways to do the same, forward and backward, beside a copy.

    Args:
        what: What to call it.
        dtype: Of the inputs.
        ways: Functions of the inputs.
        inputs: Leaves that require gradients.
        numbers: How many elements have to be moved, forward and backward.
    """
    source = torch.empty(ELEMENTS, dtype=dtype, device="cuda").normal_()
    target = torch.empty_like(source)
    copy: dict[str, Callable[[], Any]] = {"copy": lambda: target.copy_(source)}
    size = source.element_size()
    row: dict[str, Any] = {"what": what, "dtype": str(dtype).removeprefix("torch.")}
    with torch.no_grad():
        times = seconds_of(copy | {n: (lambda f=f: f(*inputs)) for n, f in ways.items()})
    rate = 2 * ELEMENTS * size / times.pop("copy")
    row["copy_gigabytes_per_second"] = rate / 1e9
    row["forward"] = {n: numbers[0] * size / t / rate for n, t in times.items()}
    results = {name: way(*inputs) for name, way in ways.items()}
    grad = torch.randn_like(next(iter(results.values())))

    def back(result: Tensor) -> Callable[[], Any]:
        return lambda: torch.autograd.grad(result, inputs, grad, retain_graph=True)

    times = seconds_of(copy | {name: back(result) for name, result in results.items()})
    rate = 2 * ELEMENTS * size / times.pop("copy")
    row["backward"] = {n: numbers[1] * size / t / rate for n, t in times.items()}
    return row


def compiled(way: Callable[..., Tensor]) -> Callable[..., Tensor]:
    import torch._dynamo

    torch._dynamo.reset()
    return torch.compile(way, fullgraph=True)


def speed(clock: Clock) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table of speed, until the time is up; most wanted first."""
    import torch._functorch.config

    torch._functorch.config.donated_buffer = False  # backward is run again and again
    for dtype in DTYPES:
        for name in EAGER:
            ways: dict[str, Callable[..., Tensor]] = {
                "rectifier": function(name),
                "eager": EAGER[name],
            }
            if name in COMPILED:
                ways["compile"] = compiled(EAGER[name])
            yield from _row(clock, name, dtype, ways, (ELEMENTS,), 2, 3)
        for name, formula in GATED.items():
            ways = {
                "rectifier": gated(name),
                "eager": lambda t, f=formula: f(*t.chunk(2, -1)),
            }
            if name in ("geglu", "swiglu"):
                ways["compile"] = compiled(lambda t, f=formula: f(*t.chunk(2, -1)))
            liger = _liger(name)
            if liger is not None:
                ways["liger"] = liger
            yield from _row(clock, name, dtype, ways, (ROWS, 2 * HALF), 1.5, 2.5)
        for name in ("relu", "gelu"):
            ways = {
                "rectifier": biased(name),
                "eager": lambda t, b, f=EAGER[name]: f(t + b),
                "compile": compiled(lambda t, b, f=EAGER[name]: f(t + b)),
            }
            yield from _row(clock, f"{name}(x + b)", dtype, ways, (ELEMENTS // 4096, 4096), 2, 3)
        for name, keep in KEPT:
            ours = function(name)
            ways = {
                "rectifier": lambda t, f=ours, k=keep: f(t, keep=k),
                "eager": EAGER[name],
            }
            bits = {"mask": 1, "code2": 2, "code4": 4, "code8": 8}[keep]
            code = bits / 8 / torch.empty((), dtype=dtype).element_size()
            what = f"{name} keep={keep}"
            yield from _row(clock, what, dtype, ways, (ELEMENTS,), 2 + code, 2 + code)


def _row(
    clock: Clock,
    what: str,
    dtype: torch.dtype,
    ways: dict[str, Callable[..., Tensor]],
    shape: tuple[int, ...],
    forward: float,
    backward: float,
) -> Iterator[dict[str, Any]]:
    if clock.is_up():
        return
    x = torch.randn(shape, device="cuda", dtype=dtype, requires_grad=True)
    inputs = (x,)
    if "(x + b)" in what:
        inputs += (torch.randn(shape[-1], device="cuda", dtype=dtype, requires_grad=True),)
    moved = (round(forward * x.numel()), round(backward * x.numel()))
    try:
        yield compare(what, dtype, ways, inputs, moved)
    except Exception as error:  # noqa: BLE001 - shown in the table; the others go on
        yield {"what": what, "dtype": str(dtype), "error": f"{type(error).__name__}: {error}"[:600]}


def _liger(name: str) -> Callable[[Tensor], Tensor] | None:
    """Liger's gated units, whose gate is the first half; GEGLU is the one by tanh."""
    if name not in ("swiglu", "geglu_tanh") or importlib.util.find_spec("liger_kernel") is None:
        return None
    from liger_kernel.ops.geglu import LigerGELUMulFunction
    from liger_kernel.ops.swiglu import LigerSiLUMulFunction

    unit = LigerSiLUMulFunction if name == "swiglu" else LigerGELUMulFunction
    return lambda t: unit.apply(*t.chunk(2, -1)[::-1])


def print_speed(row: dict[str, Any]) -> None:
    if "error" in row:
        print(f"{row['what']:22} {row['dtype']:9} ERROR {row['error']}")
        return
    parts = [
        f"{order[:3]} " + " ".join(f"{n} {share:.2f}" for n, share in row[order].items())
        for order in ("forward", "backward")
    ]
    print(f"{row['what']:22} {row['dtype']:9} {' | '.join(parts)}", flush=True)


def kept_bytes(run: Callable[[], Tensor]) -> int:
    """Return the bytes of distinct storage that autograd keeps of a call."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        run()
    return sum(kept.values())


def kept() -> dict[str, float]:
    """Return bytes kept for each element of the result, in bf16."""
    x = torch.randn(1 << 20, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    pair = torch.randn(1 << 10, 1 << 11, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    bias = torch.randn(1 << 10, device="cuda", dtype=torch.bfloat16, requires_grad=True)
    rows = x.detach().view(-1, 1 << 10).requires_grad_()
    runs: dict[str, Callable[[], Tensor]] = {
        "gelu, eager": lambda: F.gelu(x),
        "gelu": lambda: function("gelu")(x),
        **{f"{n} keep={k}": lambda n=n, k=k: function(n)(x, keep=k) for n, k in KEPT},
        "swiglu, eager": lambda: GATED["swiglu"](*pair.chunk(2, -1)),
        "swiglu": lambda: gated("swiglu")(pair),
        "gelu(x + b), eager": lambda: F.gelu(rows + bias),
        "gelu(x + b)": lambda: biased("gelu")(rows, bias),
    }
    return {name: kept_bytes(run) / (1 << 20) for name, run in runs.items()}


def overhead() -> dict[str, float]:
    """Return the microseconds that a call on few elements takes the CPU."""
    from rectifier.kernels.gpu import launch

    x = torch.randn(1024, device="cuda")
    out = torch.empty_like(x)
    wants = torch.randn(1024, device="cuda", requires_grad=True)
    runs: dict[str, Callable[[], Any]] = {
        "mish": lambda: function("mish")(x),
        "mish, eager": lambda: F.mish(x),
        "mish, the launch alone": lambda: launch.elementwise("mish", x, None, out, None, True),
        "mish with autograd": lambda: function("mish")(wants),
        "mish with autograd, eager": lambda: F.mish(wants),
    }
    found = {}
    for name, run in runs.items():
        times = []
        for _ in range(300):
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
        torch.cuda.synchronize()
        found[name] = statistics.median(times) * 1e6
    return found


def blocks() -> dict[str, dict[str, float]]:
    """Return the shares of a copy's bytes per second with blocks and warps of other sizes."""
    from rectifier.kernels.gpu import launch

    found: dict[str, dict[str, float]] = {}
    before = dict(launch.SHAPES)
    shapes = ((1024, 4), (512, 4), (1024, 8), (512, 2), (256, 2), (2048, 8), (256, 1), (2048, 16))
    for elements, warps in shapes:
        launch.SHAPES.update({2: (elements, warps), 4: (elements, warps)})
        for name in ("relu", "silu"):
            for dtype in DTYPES:
                x = torch.randn(ELEMENTS, device="cuda", dtype=dtype, requires_grad=True)
                ways = {"rectifier": function(name)}
                row = compare(name, dtype, ways, (x,), (2 * ELEMENTS, 3 * ELEMENTS))
                found[f"{elements}/{warps} {name} {row['dtype']}"] = {
                    order: row[order]["rectifier"] for order in ("forward", "backward")
                }
    launch.SHAPES.update(before)
    return found


def arithmetics() -> dict[str, dict[str, float]]:
    """Return the shares of a copy's bytes per second in double, where float would do, and in it."""
    from rectifier.kernels.gpu import launch

    found: dict[str, dict[str, float]] = {}
    chosen = launch.parts
    for name in ("gelu", "silu", "elu", "tanh", "softplus", "sigmoid", "smu", "swish"):
        for kind in ("float", "double"):
            launch._constants.cache_clear()
            if kind == "double":
                launch.parts = lambda name: tuple(
                    dataclasses.replace(part, single=None) for part in chosen(name)
                )
            x = torch.randn(ELEMENTS, device="cuda", requires_grad=True)
            ways = {"rectifier": function(name)}
            row = compare(name, torch.float32, ways, (x,), (2 * ELEMENTS, 3 * ELEMENTS))
            found[f"{name} {kind}"] = {
                order: row[order]["rectifier"] for order in ("forward", "backward")
            }
            launch.parts = chosen
    launch._constants.cache_clear()
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--accuracy", type=float, default=90.0, help="seconds for all accuracy")
    parser.add_argument(
        "--every", type=float, default=10.0, help="seconds for 2**32 numbers of one"
    )
    parser.add_argument("--speed", type=float, default=75.0, help="seconds for the table of speed")
    parser.add_argument("--blocks", action="store_true", help="try sizes of blocks too")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("not measured: there is no GPU")
        return
    if why := cuda.why_not("float32", "cuda"):
        print(f"not measured: {why}")
        return
    import triton

    device = torch.cuda.get_device_name()
    print(f"{device}, torch {torch.__version__}, triton {triton.__version__}")
    where = {"device": device, "torch": torch.__version__, "triton": triton.__version__}
    results: dict[str, Any] = dict(where)
    if options.json and options.json.exists():  # of an earlier call for another part
        earlier = json.loads(options.json.read_text(encoding="utf-8"))
        if {key: earlier.get(key) for key in where} == where:
            results = earlier

    def write() -> None:
        if options.json:
            options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    begin = time.monotonic()
    if options.accuracy:
        results["accuracy"] = accuracy(options.accuracy, options.every)
        print_accuracy(results["accuracy"])
        print(f"accuracy took {time.monotonic() - begin:.0f} s", flush=True)
        write()
    if not options.speed:
        return
    results["speed"] = []
    if options.blocks:
        results["blocks"] = blocks() | arithmetics()
        for name, shares in results["blocks"].items():
            print(name, {order: round(share, 2) for order, share in shares.items()})
    print("\nbytes per second over a copy's")
    for row in speed(Clock(options.speed)):
        results["speed"].append(row)
        print_speed(row)
        write()
    results["kept"], results["overhead"] = kept(), overhead()
    print("\nbytes kept for each element of the result, bfloat16:", results["kept"])
    print("microseconds of a call on 1024 elements:", results["overhead"])
    print(f"all took {time.monotonic() - begin:.0f} s")
    write()


if __name__ == "__main__":
    main()

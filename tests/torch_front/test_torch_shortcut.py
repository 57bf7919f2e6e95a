"""torch's own operation on few numbers: the compiled look says what the one in Python says."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from rectifier import catalog
from rectifier.kernels import choose, native
from rectifier.torch import functional
from rectifier.torch.shortcut import Shortcut, shortcut

MOST, PLAIN = 64, 16


class Other(Tensor):
    """A type of tensor of somebody's own."""


def _zero() -> Tensor:
    return torch._efficientzerotensor(4)


INPUTS: dict[str, tuple[Callable[[], object], bool]] = {
    "few": (lambda: torch.ones(PLAIN - 1), True),
    "few of two dimensions": (lambda: torch.ones(3, 5), True),
    "none": (lambda: torch.ones(0), False),  # an empty tensor may have no address
    "too many": (lambda: torch.ones(PLAIN), False),
    "more with a gradient": (lambda: torch.ones(MOST - 1, requires_grad=True), True),
    "too many with a gradient": (lambda: torch.ones(MOST, requires_grad=True), False),
    "a parameter": (lambda: torch.nn.Parameter(torch.ones(MOST - 1)), True),
    "infinite": (lambda: torch.tensor([1.0, math.inf]), False),
    "NaN": (lambda: torch.tensor([1.0, math.nan]), False),
    "double": (lambda: torch.ones(4, dtype=torch.float64), False),
    "integers": (lambda: torch.ones(4, dtype=torch.int32), False),
    "with gaps": (lambda: torch.ones(4, 4)[:, ::2], False),
    "sparse": (lambda: torch.ones(2, 2).to_sparse(), False),
    "on no device": (lambda: torch.ones(4, device="meta"), False),
    "no memory": (_zero, False),
    "of another type": (lambda: torch.ones(4).as_subclass(Other), False),
    "a number": (lambda: 1.0, False),
}


def made() -> Shortcut:
    return Shortcut(torch.relu, MOST, PLAIN)


needs_native = pytest.mark.skipif(native.shortcut() is None, reason="no compiled kernels")


@needs_native
@pytest.mark.parametrize("what", INPUTS)
def test_the_compiled_one_takes_what_the_reference_takes(what: str) -> None:
    make, takes = INPUTS[what]
    short, given = made(), make()
    assert short.fits(given) is takes  # type: ignore[arg-type]
    found = short.fastest()(given)  # type: ignore[arg-type]
    assert (found is not None) is takes
    if found is not None:
        assert torch.equal(found, torch.relu(given))  # type: ignore[call-overload]


@needs_native
@pytest.mark.filterwarnings("ignore:.torch.jit.trace. is deprecated")
def test_neither_takes_what_somebody_looks_at() -> None:
    class Looks(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            return function(*args, **(kwargs or {}))

    class Dispatches(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            return function(*args, **(kwargs or {}))

    short, x = made(), torch.ones(4)
    quick = short.fastest()
    for mode in (Looks(), Dispatches()):
        with mode:
            assert quick(x) is None
            assert not short.fits(x)
    seen = []

    def transformed(each: Tensor) -> Tensor:
        seen.append((quick(each), short.fits(each), quick(x), short.fits(x)))
        return each * 2

    torch.func.vmap(transformed)(torch.ones(3, 2))
    torch.jit.trace(transformed, x, check_trace=False)
    assert seen == [(None, False, None, False)] * 2
    assert quick(x) is not None


@needs_native
def test_an_error_of_the_operation_is_the_callers() -> None:
    def fails(_: Tensor) -> Tensor:
        raise ArithmeticError("no")

    with pytest.raises(ArithmeticError, match="no"):
        Shortcut(fails, MOST, PLAIN).fastest()(torch.ones(4))


def test_without_the_extension_module_the_reference_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "shortcut", lambda: None)
    short = made()
    assert short.fastest() == short.run
    found = short.run(torch.tensor([-1.0, 2.0]))
    assert found is not None
    assert found.tolist() == [0.0, 2.0]
    assert short.run(torch.tensor([-1.0, math.nan])) is None


@pytest.mark.parametrize("name", sorted(choose.SHORT))
@pytest.mark.parametrize("inplace", [False, True])
def test_the_public_function_takes_it(name: str, inplace: bool) -> None:
    short = shortcut(catalog.get(name))
    x = torch.linspace(-3, 3, 13)
    given = x.clone()
    found = functional.function(name)(given, inplace=inplace)
    assert torch.equal(found, short.operation(x))
    assert (found is given) is inplace


def test_it_is_for_none_where_torch_has_no_such_operation() -> None:
    short = shortcut(catalog.get("mish"))
    assert short.most == short.plain == 0
    assert short.run(torch.ones(1)) is None

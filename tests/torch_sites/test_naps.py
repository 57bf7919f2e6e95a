"""What is noted while all observers sleep: compiled, and by its reference in Python, alike."""

from __future__ import annotations

import gc
import inspect
import threading
import weakref
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rectifier.kernels import native
from rectifier.torch import observer
from rectifier.torch.sites import Interception, Observer, Sleep

WAYS = ["python", pytest.param("compiled", marks=pytest.mark.skipif(
    not native.available(), reason="no compiled kernels"
))]  # fmt: skip


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "python":
        monkeypatch.setattr(native, "module", lambda: None)
    return str(request.param)


class Sleeper(Observer):
    """Observes the first step, and then naps."""

    def __init__(self, naps: int) -> None:
        self.naps = naps
        self.told: list[Any] = []
        self.slept: list[Sleep] = []

    def wants_step(self, step: int) -> bool:
        return step == 0

    def sleeps(self, step: int) -> int:
        return self.naps

    def after_sleep(self, step: int, sleep: Sleep) -> None:
        self.slept.append(sleep)

    def on_backward(self, loss: Tensor) -> None:
        self.told.append(float(loss.detach()))

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        self.told.append(step)


def network() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    return model, torch.optim.SGD(model.parameters(), lr=0.01)


def train(
    model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, passes: int = 1, **named: Any
) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        for _ in range(passes):
            loss = model(torch.randn(5, 3)).square().mean()
            losses.append(float(loss.detach()))
            loss.backward(**named)
        optimizer.step()
    return losses


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("named", [{}, {"retain_graph": True}])
def test_each_loss_comes_with_its_step(passes: int, named: dict[str, Any]) -> None:
    (model, optimizer), sleeper = network(), Sleeper(4)
    with Interception([sleeper], [model]) as interception:
        losses = train(model, optimizer, 11, passes, **named)
        assert interception.step == 11
    assert sleeper.told == [*losses[:passes], 0]
    found = [pair for sleep in sleeper.slept for pair in sleep.losses]
    steps = [step for step in range(1, 11) for _ in range(passes)]
    assert [step for step, _ in found] == steps
    assert [value for _, value in found] == pytest.approx(losses[passes:])
    assert [sleep.left for sleep in sleeper.slept] == [0, 0, 2]
    assert [sleep.stepped for sleep in sleeper.slept] == [[id(optimizer)] * n for n in (4, 4, 2)]
    assert [sleep.backwards for sleep in sleeper.slept] == [n * passes for n in (4, 4, 2)]
    assert all(sleep.seconds > 0 for sleep in sleeper.slept)


@pytest.mark.usefixtures("way")
def test_losses_that_are_not_at_hand_are_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device is played by the CPU."""
    monkeypatch.setattr(observer, "is_at_hand", lambda tensor: False)
    (model, optimizer), sleeper = network(), Sleeper(4)
    with Interception([sleeper], [model]):
        losses = train(model, optimizer, 5)
    values = [value for sleep in sleeper.slept for _, value in sleep.losses]
    assert all(isinstance(value, Tensor) and not value.requires_grad for value in values)
    assert [float(value) for value in values] == pytest.approx(losses[1:])


@pytest.mark.usefixtures("way")
def test_what_is_out_of_the_ordinary_wakes_or_is_left_alone() -> None:
    (model, optimizer), sleeper = network(), Sleeper(50)
    thread = threading.Thread(target=train, args=(*network(), 2))
    with Interception([sleeper], [model]) as interception:
        train(model, optimizer, 3)
        assert sleeper.slept == []
        with torch.device("cpu"):  # a mode of the program's own
            train(model, optimizer, 1)
        thread.start()
        thread.join()
        assert interception.step == 4
        with pytest.raises(RuntimeError, match="scalar outputs"):
            model(torch.randn(5, 3)).backward()
        with pytest.raises(RuntimeError, match="does not require grad"):
            torch.ones(()).backward()
        assert sleeper.slept == []
        other = torch.optim.SGD(model.parameters(), lr=0.01)  # being built is told of
        assert len(sleeper.slept) == 1
        train(model, other, 2)
        train(model, optimizer, 1)
        assert interception.step == 7
    assert interception.notes == ["Steps that another thread takes are not seen."]
    found = [step for sleep in sleeper.slept for step, _ in sleep.losses]
    assert [step for step in found if step < 4] == [1, 2, 3]


@pytest.mark.usefixtures("way")
def test_steps_inside_steps_and_steps_that_raise_are_counted_right() -> None:
    class Outer(torch.optim.SGD):
        fails = False

        def step(self, closure: Any = None) -> Any:
            if self.fails:
                raise OverflowError
            inner.step()
            return super().step(closure)

    model, inner = network()
    outer, sleeper = Outer(model.parameters(), lr=0.01), Sleeper(50)
    with Interception([sleeper], [model]) as interception:
        train(model, inner, 1)
        for number in range(8):
            outer.fails = number in (3, 4)
            outer.zero_grad()
            model(torch.randn(5, 3)).sum().backward()
            if outer.fails:
                with pytest.raises(OverflowError):
                    outer.step()
            else:
                outer.step()
    assert interception.step == 7
    assert interception.notes == []
    assert {key for sleep in sleeper.slept for key in sleep.stepped} == {id(outer)}


@pytest.mark.usefixtures("way")
def test_a_scaled_loss_is_noted_unscaled() -> None:
    (model, optimizer), sleeper = network(), Sleeper(9)
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    losses = []
    with Interception([sleeper], [model]):
        for _ in range(4):
            optimizer.zero_grad()
            loss = model(torch.randn(5, 3)).square().mean()
            losses.append(float(loss.detach()))
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    found = [value for sleep in sleeper.slept for _, value in sleep.losses]
    assert found == pytest.approx(losses[1:])


@pytest.mark.usefixtures("way")
@pytest.mark.filterwarnings("ignore")  # what torch says to itself while it compiles
def test_a_training_step_that_is_compiled_as_a_whole() -> None:
    def losses(watched: bool) -> list[float]:
        torch._dynamo.reset()
        (model, optimizer), sleeper = network(), Sleeper(50)

        def step(x: Tensor) -> Tensor:
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            return loss.detach()

        compiled = torch.compile(step, backend="eager")
        with Interception([sleeper] if watched else [], [model]) as interception:
            step(torch.randn(5, 3))
            found = [float(compiled(torch.randn(5, 3))) for _ in range(4)]
        assert interception.notes == []
        if watched:
            assert interception.step == 5
            noted = [value for sleep in sleeper.slept for _, value in sleep.losses]
            assert noted == pytest.approx(found)
        return found

    assert losses(watched=True) == losses(watched=False)


def test_what_stands_in_is_like_what_it_stands_for_and_goes(way: str) -> None:
    before = torch.Tensor.backward, torch.optim.Optimizer.zero_grad
    (model, optimizer), sleeper = network(), Sleeper(9)
    interception = Interception([sleeper], [model])
    with interception:
        train(model, optimizer, 3)
        assert (type(torch.Tensor.backward).__name__ == "Passage") == (way == "compiled")
        for original, name, owner in (
            (before[0], "backward", torch.Tensor),
            (before[1], "zero_grad", torch.optim.Optimizer),
        ):
            standing = getattr(owner, name)
            assert standing is not original
            assert standing.__name__ == name
            assert standing.__doc__ == original.__doc__
            assert inspect.signature(standing) == inspect.signature(original)
        bound = optimizer.zero_grad
        bound(set_to_none=False)
    assert (torch.Tensor.backward, torch.optim.Optimizer.zero_grad) == before
    bound()  # kept by the program
    gone = weakref.ref(interception)
    del interception, bound, standing
    sleeper.interception = None
    gc.collect()
    assert gone() is None

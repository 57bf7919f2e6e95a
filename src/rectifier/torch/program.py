"""An expression as a straight list of tensor operations, ready to run many times.

Layer: torch front end, on `rectifier.expression` and `rectifier.torch.primitives`. Walking a tree
and hashing its nodes costs more than the arithmetic on a small tensor, so a tree is lowered once:
parts without a tensor in them become numbers, shared parts are computed once, and an intermediate
result is let go after its last use. Whether the input's own precision is enough is answered here
too, because it follows from the operations. Gradients are left to `rectifier.torch.elementwise`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from rectifier.errors import InvalidActivationError
from rectifier.expression import PRIMITIVES, SCALAR, Call, Constant, Expr, Variable, postorder
from rectifier.torch.primitives import EXACT, HIDES_NAN, OPERATIONS, ROUNDED_ONCE


@dataclass(frozen=True)
class Instruction:
    """One operation: what it does, its arguments and which slots are not needed after it.

    Attributes:
        op: Name of the primitive.
        operation: What computes it.
        arguments: A slot's number (int) or a constant (float), in order.
        last_uses: Slots that no later instruction reads.
    """

    op: str
    operation: Callable[..., Tensor]
    arguments: tuple[int | float, ...]
    last_uses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Program:
    """A lowered expression.

    Attributes:
        instructions: The operations in order; each writes the next slot behind those before it,
            of which the first are the tensors that it takes.
        result: The slot that holds the result, or the number that the result is everywhere.
        carries_nan: Whether a NaN in the first input is sure to reach the result by itself.
        rounds_once: Whether every operation but at most one on the way to the result is exact, so
            that running it in the input's own precision is as good as it can be.
    """

    instructions: tuple[Instruction, ...]
    result: int | float
    carries_nan: bool
    rounds_once: bool

    def run(self, tensors: Sequence[Tensor]) -> Tensor:
        """Compute the result in the precision of the tensors.

        Args:
            tensors: The input x and whatever else varies, broadcasting against x; one dtype.

        Returns:
            A new tensor, of the broadcast shape. Where x is NaN, so is the result.
        """
        x = tensors[0]
        slots: list[Tensor | None] = [*tensors]
        compiling = torch.compiler.is_compiling()  # a compiler frees by itself
        for instruction in self.instructions:
            arguments: list[Any] = [
                slots[a] if isinstance(a, int) else a for a in instruction.arguments
            ]
            if instruction.op == "where":
                # torch.where would give two numbers the default dtype: 0.01 in float32's rounding.
                arguments[1:] = [_as_tensor(a, x) for a in arguments[1:]]
            slots.append(instruction.operation(*arguments))
            del arguments
            for slot in () if compiling else instruction.last_uses:
                slots[slot] = None
        result: Any = self.result if isinstance(self.result, float) else slots[self.result]
        if self.carries_nan and isinstance(result, Tensor):
            return result.clone() if result is x else result
        # clamp gives NaN at NaN and 0 elsewhere, infinities too; torch.where is ten times slower.
        # Adding it also gives a result that is one number, or a parameter, the shape of x.
        return torch.add(torch.clamp(x, 0.0, 0.0), result)


def _as_tensor(value: Any, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else like.new_full((), value)


@dataclass
class _Lowering:
    """The state of `lower`: what each node became."""

    inputs: int
    instructions: list[Instruction] = field(default_factory=list)
    carries: list[bool] = field(default_factory=list)
    roundings: list[float] = field(default_factory=list)

    def emit(self, op: str, arguments: tuple[int | float, ...]) -> int:
        slots = [a for a in arguments if isinstance(a, int)]
        if op == "where":
            carries = all(isinstance(a, int) and self.carries[a] for a in arguments[1:])
        else:
            carries = op not in HIDES_NAN and any(self.carries[a] for a in slots)
        cost = 0.0 if op in EXACT else 1.0 if op in ROUNDED_ONCE else float("inf")
        self.carries.append(carries)
        self.roundings.append(cost + max(self.roundings[a] for a in slots))
        self.instructions.append(Instruction(op, OPERATIONS[op], arguments))
        return self.inputs + len(self.instructions) - 1


def lower(
    expression: Expr, names: Sequence[str], constants: Mapping[str, float] | None = None
) -> Program:
    """Lower an expression to a program.

    Args:
        expression: What to compute.
        names: The variables that are tensors, ``"x"`` first.
        constants: The values of all other variables.

    Returns:
        The program that takes the tensors in the order of `names`.

    Raises:
        InvalidActivationError: A variable is neither a tensor nor a constant.
    """
    constants = constants or {}
    state = _Lowering(len(names), carries=[True] + [False] * (len(names) - 1))
    state.roundings = [0.0] * len(names)
    became: dict[Expr, int | float] = {}
    for node in postorder(expression):
        if isinstance(node, Constant):
            became[node] = node.value
        elif isinstance(node, Variable):
            if node.name in names:
                became[node] = list(names).index(node.name)
            elif node.name in constants:
                became[node] = float(constants[node.name])
            else:
                raise InvalidActivationError(f"the parameter {node.name!r} has no value.")
        elif isinstance(node, Call):
            arguments = tuple(became[argument] for argument in node.args)
            if not any(isinstance(a, int) and not isinstance(a, bool) for a in arguments):
                became[node] = _fold(node.op, arguments)
            elif node.op == "where" and isinstance(arguments[0], bool):
                became[node] = arguments[1] if arguments[0] else arguments[2]
            else:
                became[node] = state.emit(node.op, arguments)
    result = became[expression]
    if not isinstance(result, int):
        return Program((), float(result), False, True)
    return Program(
        _with_last_uses(state, result),
        result,
        state.carries[result],
        state.roundings[result] <= 1,
    )


def _fold(op: str, arguments: tuple[int | float, ...]) -> float:
    """Compute an operation on numbers, as IEEE 754 has it where Python's maths raises."""
    try:
        value = SCALAR[op](*arguments)
    except (ArithmeticError, ValueError):
        parts = [torch.tensor(float(a), dtype=torch.float64) for a in arguments]
        value = OPERATIONS[op](*parts).item()
    return bool(value) if PRIMITIVES[op].boolean else float(value)


def _with_last_uses(state: _Lowering, result: int) -> tuple[Instruction, ...]:
    seen = {result}
    done: list[Instruction] = []
    for instruction in reversed(state.instructions):
        slots = {a for a in instruction.arguments if isinstance(a, int)}
        done.append(
            Instruction(
                instruction.op,
                instruction.operation,
                instruction.arguments,
                tuple(sorted(slots - seen)),
            )
        )
        seen |= slots
    return tuple(reversed(done))

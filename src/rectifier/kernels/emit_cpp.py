"""Print an activation of the catalog as C++; run by CMake while rectifier is being built.

Layer: kernels, on the standard library alone, since at build time nothing else is installed:
``python -m rectifier.kernels.emit_cpp FOLDER`` with ``PYTHONPATH=src``. One C++ function per
primitive and kind of arithmetic lives in ``native/`` and so does the loop around a kernel;
this module prints only what differs from one activation to the next.

One file, though long: all of it prints one struct and its entries in one table.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rectifier import catalog
from rectifier.activation import Activation, Param
from rectifier.expression import PRIMITIVES, Expr, Variable, postorder, to_text
from rectifier.expression.tree import Call, Constant
from rectifier.kernels.bounds import bounds
from rectifier.kernels.forms import INNER, PAIRS, TAKE_PAIRS, Form, arrange, form, odd_cubic
from rectifier.kernels.half_plans import HALF_PLANS
from rectifier.kernels.near_plans import NEAR_PLANS
from rectifier.kernels.plans import PLANS
from rectifier.kernels.single import EVERY, SINGLE, Interval
from rectifier.kernels.tabled import Plan, emit_table, shape

FILES = 8
"""How many C++ files the kernels are spread over, so that several compilers can work at once."""

_WAVES = ("sin", "cos")
_LOOPS = (
    ("forward", "float"),
    ("backward", "float"),
    ("forward64", "double"),
    ("backward64", "double"),
)

_KINDS = ("forward", "backward")

_FEW = frozenset(
    {"add", "sub", "mul", "neg", "abs", "sign", "square", "maximum", "minimum", "where"}
    | {name for name, primitive in PRIMITIVES.items() if primitive.boolean}
)
_FEW_CALLS = 16
"""So many of these, all in float, take less time than to look up a result in half precision."""
_LIGHT_CALLS = 12
"""So many, and divisions, take less time than moving what they work on."""

_HEAD = """\
// Printed by rectifier.kernels.emit_cpp from the catalog. Not to be edited.

"""


def digest(activation: Activation) -> str:
    """Return the text by which a compiled kernel is matched to an activation.

    It is of everything that the emitted code depends on: parameters in order, value, derivative.
    """
    parts = (
        ",".join(activation.params),
        to_text(activation.value_expression),
        to_text(activation.derivative_expression),
    )
    return hashlib.sha256("; ".join(parts).encode()).hexdigest()[:16]


def digest_with_defaults(activation: Activation) -> str:
    """Return the text by which a table is matched to an activation: it holds for the defaults."""
    defaults = ",".join(repr(param.default) for param in activation.params.values())
    return hashlib.sha256(f"{digest(activation)}; {defaults}".encode()).hexdigest()[:16]


def emit_expression(name: str, expression: Expr, parameters: Mapping[str, Param]) -> str:
    """Return a C++ function that computes an expression, each shared subexpression once.

    Args:
        name: What the function is to be called.
        expression: The expression over ``x`` and the parameters.
        parameters: The parameters, in the order in which the function takes them.

    Returns:
        A static member template over a mathematics ``M``: a function of ``x`` and of an array with
        the parameters' values.
    """
    expression = arrange(expression)
    printed, lines = _statements(expression, parameters)
    result = printed[expression]
    compares = any(isinstance(node, Call) and PRIMITIVES[node.op].boolean for node in printed)
    if compares or Variable("x") not in printed:  # then NaN would go in and a number come out
        result = f"x != x ? x : {result}"
    return "\n".join(
        (
            "  template <class M>",
            f"  RECTIFIER_INLINE static typename M::real {name}(",
            "      typename M::real x, [[maybe_unused]] const typename M::real* p) {",
            "    using R [[maybe_unused]] = typename M::real;",
            *lines,
            f"    return {result};",
            "  }",
        )
    )


def _statements(root: Expr, parameters: Mapping[str, Param]) -> tuple[dict[Expr, str], list[str]]:
    """Return what each subexpression is called, and the statements that compute those."""
    variables = {"x": "x"} | {p: f"p[{i}]" for i, p in enumerate(parameters)}
    between = bounds(root, parameters)
    used = Counter(a for node in postorder(root) if isinstance(node, Call) for a in node.args)
    order = list(postorder(root))
    forms: dict[Expr, Form] = {}
    needed = {root}
    alone: set[Expr] = set()  # needed as one number, not as a pair
    for node in reversed(order):
        if isinstance(node, Call) and node in needed:
            cubic = odd_cubic(node) if node not in alone and node is not root else None
            function, given = cubic or form(node, between, used)
            if function in INNER and node is not root:
                function = f"inner_{function}"
            forms[node] = function, given
            needed.update(given)
            pairs = TAKE_PAIRS.get(function, ())
            alone.update(each for place, each in enumerate(given) if place not in pairs)
    printed: dict[Expr, str] = {}
    lines: list[str] = []
    for node in order:
        if isinstance(node, Constant):
            printed[node] = f"R({node.value!r})"
        elif isinstance(node, Variable):
            printed[node] = variables[node.name]
        elif isinstance(node, Call) and node in forms:
            function, given = forms[node]
            arguments = ", ".join(
                # both numbers of a pair come from the constant in double
                repr(a.value) if function == PAIRS and isinstance(a, Constant) else printed[a]
                for a in given
            )
            kind = "bool" if PRIMITIVES[node.op].boolean else "R"
            kind = "auto" if function == PAIRS else kind
            printed[node] = f"t{len(lines)}"
            lines.append(f"    const {kind} {printed[node]} = M::{function}({arguments});")
    return printed, lines


def _emit_far(activation: Activation) -> str:
    """Return the test whether an argument of a wave is beyond what ``Wide`` can reduce."""
    arguments: list[Expr] = []
    for root in (activation.value_expression, activation.derivative_expression):
        for node in postorder(root):
            if isinstance(node, Call) and node.op in _WAVES and node.args[0] not in arguments:
                arguments.append(node.args[0])
    body = ["    using M = Wide;", "    using R [[maybe_unused]] = double;"]
    tests = []
    for number, argument in enumerate(arguments):
        printed, lines = _statements(argument, activation.params)
        prefixed = [re.sub(r"\bt(\d+)\b", rf"u{number}_\1", line) for line in lines]
        body.extend(prefixed)
        name = re.sub(r"^t(\d+)$", rf"u{number}_\1", printed[argument])
        tests.append(f"M::abs({name}) > M::wave_bound")
    if not tests:
        body = []
    return "\n".join(
        (
            f"  static constexpr bool waves = {str(bool(tests)).lower()};",
            "  RECTIFIER_INLINE static bool far([[maybe_unused]] double x,",
            "                                   [[maybe_unused]] const double* p) {",
            *body,
            f"    return {' || '.join(tests) or 'false'};",
            "  }",
        )
    )


def _called(root: Expr) -> list[str]:
    """Return the operations of an expression."""
    return [node.op for node in postorder(root) if isinstance(node, Call)]


def _is_light(root: Expr) -> str:
    """Return as C++ whether computing an expression takes less time than moving its data."""
    called = _called(root)
    light = len(called) <= _LIGHT_CALLS and (_FEW | {"div"}).issuperset(called)
    return str(light).lower()


def interval(found: Interval) -> str:
    """Return where float arithmetic may be used, as C++."""
    if found is None:
        return "nowhere"
    ends = ("infinite" if abs(end) == EVERY else f"{abs(end)!r}F" for end in found)
    return "{{-{}, {}}}".format(*ends)


def emit_activation(activation: Activation) -> str:
    """Return the C++ of one activation: value, derivative and the loops over both."""
    parameters = activation.params
    name = activation.name
    single = SINGLE.get(digest(activation), (None, None))
    defaults = ", ".join(repr(param.default) for param in activation.params.values())
    return "\n".join(
        (
            f"// {activation.name}: {to_text(activation.expression)}",
            f"struct {name} {{",
            f"  static constexpr std::size_t count = {len(parameters)};",
            f"  static constexpr double defaults[] = {{{defaults or '0.0'}}};",
            f"  static constexpr Range value_single = {interval(single[0])};",
            f"  static constexpr Range slope_single = {interval(single[1])};",
            f"  static constexpr bool value_light = {_is_light(activation.value_expression)};",
            f"  static constexpr bool slope_light = {_is_light(activation.derivative_expression)};",
            emit_expression("value", activation.value_expression, parameters),
            emit_expression("slope", activation.derivative_expression, parameters),
            _emit_far(activation),
            "};",
            f"RECTIFIER_KERNELS({name})",
            *(f"RECTIFIER_BFLOAT16({name}, {kind})" for kind in _direct_kinds(activation)),
        )
    )


_BACKWARD = ("false", "true")


def tabled(activation: Activation) -> dict[str, str]:
    """Return the C++ of the kernels by table that an activation has, by ``"forward"`` and so on.

    A table of even cells, where there is one, comes before the one that reaches further.
    """
    name, found = activation.name, {}
    pairs = zip(_KINDS, _plans(activation), near_plans(activation), strict=True)
    for slope, (kind, far, near) in enumerate(pairs):
        text, other = _declared(name, kind, "float"), f"{name}_{kind}"
        for plan, way, ending in ((far, "tabled", ""), (near, "near", "_near")):
            if plan is not None:
                constant = _constant(activation, slope, ending)
                text += f"{_cells(activation, slope, plan, ending)}\n"
                text += by_table(f"{name}_{way}_{kind}", other, constant, bool(slope), plan)
                other = f"{name}_{way}_{kind}"
        if far is not None or near is not None:
            found[kind] = text
    return found


def by_table(name: str, other: str, constant: str, multiplies: bool, plan: Plan) -> str:
    """Return the C++ of a kernel by table.

    Args:
        name: Of the kernel.
        other: The kernel of what is in no cell.
        constant: The cells.
        multiplies: Whether what is looked up is multiplied by other numbers, as a slope is.
        plan: Of the cells.
    """
    given = f"{name}, {other}, {constant}, {_BACKWARD[multiplies]}"
    return f"RECTIFIER_TABLED({given}, {shape(plan)})\n"


def kernels(activation: Activation) -> list[str]:
    """Return what follows the activation in its kernels' names, as ``"near_forward"`` does."""
    near, far = near_plans(activation), _plans(activation)
    return [
        f"near_{kind}" if near[k] is not None else f"tabled_{kind}" if far[k] is not None else kind
        for k, kind in enumerate(_KINDS)
    ]


def _plans(activation: Activation) -> tuple[Plan | None, Plan | None]:
    return PLANS.get(digest_with_defaults(activation), (None, None))


def near_plans(activation: Activation) -> tuple[Plan | None, Plan | None]:
    """Return the plans of even cells of an activation's value and derivative."""
    return NEAR_PLANS.get(digest_with_defaults(activation), (None, None))


def _half_plans(activation: Activation) -> tuple[Plan | None, Plan | None]:
    return HALF_PLANS.get(digest_with_defaults(activation), (None, None))


def _constant(activation: Activation, slope: int, format_: str = "") -> str:
    return f"{activation.name}_{('value', 'slope')[slope]}{format_}"


def _cells(activation: Activation, slope: int, plan: Plan, format_: str = "") -> str:
    expressions = activation.value_expression, activation.derivative_expression
    defaults = {name: param.default for name, param in activation.params.items()}
    return emit_table(_constant(activation, slope, format_), expressions[slope], defaults, plan)


def halves(activation: Activation) -> dict[str, str]:
    """Return the C++ of the kernels on half precision that an activation has, as `tabled` does.

    A table in bfloat16 has cells and a degree of its own, one in float16 those of float; these
    serve in bfloat16 too where it has none and there are too few elements for looking up.
    """
    name, found = activation.name, {}
    plans = zip(_KINDS, _half_plans(activation), _plans(activation), strict=True)
    for slope, (kind, own, shared) in enumerate(plans):
        lines = [_declared(name, kind, "float")]
        chosen = ["no_table", "no_table"]
        if own is not None:
            lines.append(_cells(activation, slope, own, "_bfloat16") + "\n")
        short, ending = ("", "_bfloat16") if own is not None else ("_SHORT", "")
        both = (("BFloat16", short, ending, own or shared), ("Float16", "", "", shared))
        for place, (format_, macro, ending, plan) in enumerate(both):
            if plan is not None:
                given = f"{format_}, {kind}, {_constant(activation, slope, ending)}"
                arguments = f"{name}, {given}, {_BACKWARD[slope]}, {shape(plan)}"
                lines.append(f"RECTIFIER_HALF_TABLED{macro}({arguments})\n")
                chosen[place] = f"{name}_{format_}_{kind}"
        if kind in _direct_kinds(activation):
            lines.append(
                f"bool {name}_bfloat16_{kind}(const std::uint16_t*, const std::uint16_t*, "
                "std::uint16_t*, std::size_t, const double*);\n"
                f"RECTIFIER_HALF_DIRECT({name}, {kind})"
            )
        elif chosen != ["no_table", "no_table"]:
            lines.append(f"RECTIFIER_HALF({name}, {kind}, {', '.join(chosen)})")
        else:
            continue
        found[kind] = "".join(lines)
    return found


def _direct_kinds(activation: Activation) -> list[str]:
    """Return which kernels on half precision are computed directly."""
    plans = zip(_KINDS, _half_plans(activation), strict=True)
    return [
        kind
        for slope, (kind, own) in enumerate(plans)
        if computes_directly(activation, bool(slope), divides=own is None)
    ]


def computes_directly(activation: Activation, slope: bool, divides: bool = False) -> bool:
    """Say whether a kernel on half precision is a few operations in float, which are the fastest.

    Args:
        activation: The activation.
        slope: Whether the derivative is meant.
        divides: Whether one division may be among them; a table of low degree is faster then.
    """
    expression = activation.derivative_expression if slope else activation.value_expression
    called = _called(expression)
    few = len(called) <= _FEW_CALLS and (_FEW | {"div"}).issuperset(called)
    few = few and called.count("div") <= divides
    plan = _plans(activation)[slope]
    within = SINGLE.get(digest(activation), (None, None))[slope]
    return few and plan is None and within == (-EVERY, EVERY)


def _half(activation: Activation, kind: str, found: Mapping[str, str]) -> str:
    return f"emitted::{activation.name}_half_{kind}" if kind in found else "nullptr"


def _loops(activation: Activation) -> list[str]:
    """Return what the loops of an activation's tables are made from, as arguments of the macro."""
    found = []
    every = zip(
        _BACKWARD, _plans(activation), _half_plans(activation), near_plans(activation), strict=True
    )
    for backward, plan, half, near in every:
        pairs = (
            ("Float32", plan), ("Float32", near), ("BFloat16", half or plan), ("Float16", plan)
        )  # fmt: skip
        found += [f"{e}, {backward}, {shape(p)}" for e, p in pairs if p is not None]
    return found


def _loop(kept: str, found: str) -> str:
    return f"RECTIFIER_TABLED_LOOP({kept}, {found})\n"


def _declared(name: str, kind: str, real: str) -> str:
    return (
        f"void {name}_{kind}(const {real}*, const {real}*, {real}*, std::size_t, const double*);\n"
    )


def emit(wanted: Sequence[Activation | str] | None = None, files: int = FILES) -> list[str]:
    """Return the C++ source files for some activations, or for all of the catalog.

    Args:
        wanted: Activations or their names.
        files: Over how many files to spread the kernels.

    Returns:
        The files with the kernels, as many with those by piecewise polynomials, then the one with
        the table of all.
    """
    activations = [catalog.get(a) for a in wanted or catalog.all_activations()]
    texts = []
    for number in range(files):
        body = "\n\n".join(emit_activation(a) for a in activations[number::files])
        texts.append(
            f'{_HEAD}#include "loop.hpp"\n\nnamespace rectifier::emitted {{\n\n{body}\n\n'
            "}  // namespace rectifier::emitted\n"
        )
    of_tables = {a.name: tabled(a) for a in activations}
    by_half = {a.name: halves(a) for a in activations}
    loops_of = sorted({found for a in activations for found in _loops(a)})
    for number in range(files):
        body = "\n\n".join(
            text
            for a in activations[number::files]
            for texts_of in (of_tables[a.name], by_half[a.name])
            for text in texts_of.values()
        )
        loops = "".join(_loop("extern", each) for each in loops_of)
        own = "".join(_loop("", each) for each in loops_of[number::files])
        texts.append(
            f'{_HEAD}#include "half_kernels.hpp"\n\nnamespace rectifier {{\n\n{loops}\n{own}\n'
            f"namespace emitted {{\n\n{body}\n\n"
            "}  // namespace emitted\n\n}  // namespace rectifier\n"
        )
    chosen = {a.name: [*kernels(a), *(k for k, _ in _LOOPS[len(_KINDS) :])] for a in activations}
    declared = "".join(
        _declared(a.name, kind, real)
        for a in activations
        for kind, (_, real) in zip(chosen[a.name], _LOOPS, strict=True)
    )
    rows = "".join(
        f'    {{"{a.name}", "{digest(a)}", {len(a.params)}, '
        f"{', '.join(f'emitted::{a.name}_{kind}' for kind in chosen[a.name])}}},\n"
        for a in activations
    )
    declared += "".join(
        f"bool {a.name}_half_{kind}(Half, const std::uint16_t*, const std::uint16_t*, "
        "std::uint16_t*, std::size_t, const double*);\n"
        for a in activations
        for kind in by_half[a.name]
    )
    of_halves = "".join(
        "    {" + ", ".join(_half(a, kind, by_half[a.name]) for kind in _KINDS) + "},\n"
        for a in activations
    )
    texts.append(
        f'{_HEAD}#include "table.hpp"\n#include "half_kernels.hpp"\n\nnamespace rectifier {{\n\n'
        f"namespace emitted {{\n{declared}}}  // namespace emitted\n\n"
        f"const HalfKernels half_kernels[] = {{\n{of_halves}}};\n"
        f"const Entry table[] = {{\n{rows}}};\n"
        f"const std::size_t table_size = {len(activations)};\n\n"
        "}  // namespace rectifier\n"
    )
    return texts


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the C++ sources, ``kernels_0.cpp`` and on, to the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the C++ files")
    folder: Path = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(emit()):
        (folder / f"kernels_{number}.cpp").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

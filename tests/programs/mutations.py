"""Faults put into healthy programs by rule: each takes a syntax tree and changes it, or cannot.

Layer: tests; standard library only. `mutants` draws programs, runs them and counts. A mutation is
a function of `OPERATORS`; it changes the tree in place and says whether it found what it changes.
It knows only what a script looks like (a call of ``cross_entropy``, an optimiser's first argument),
so that one fault comes in as many forms as there are programs.

One file, though long: a list of faults, each of a few lines.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

OPTIMISERS = frozenset({
    "SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop", "Rprop",
})  # fmt: skip
RECTIFIERS = frozenset({"relu", "gelu", "silu", "elu", "leaky_relu", "selu", "mish", "tanh"})
MODULES = frozenset({"ReLU", "GELU", "SiLU", "ELU", "LeakyReLU", "SELU", "Mish", "Tanh"})
NORMS = frozenset({"BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm"})
RATES = frozenset({"lr", "LR", "learning_rate", "rate", "eta", "step_size"})
DEEP = 4
"""Activations from which a network is deep enough for its gradient to vanish."""


@dataclass(frozen=True)
class Operator:
    """One kind of fault.

    Attributes:
        name: What it is called. ``rules``: acceptable root causes, the best one first.
        apply: Changes a tree in place; False where it does not apply.
    """

    name: str
    rules: tuple[str, ...]
    apply: Callable[[ast.Module], bool]


OPERATORS: dict[str, Operator] = {}


def _operator(*rules: str) -> Callable[[Callable[[ast.Module], bool]], Callable[..., bool]]:
    def add(apply: Callable[[ast.Module], bool]) -> Callable[[ast.Module], bool]:
        OPERATORS[apply.__name__] = Operator(apply.__name__, rules, apply)
        return apply

    return add


def mutate(text: str, name: str) -> str | None:
    """The script with a fault; None where it does not apply."""
    tree = ast.parse(text)
    if not OPERATORS[name].apply(tree):
        return None
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _called(node: ast.AST) -> str:
    """Last name of what a call calls; empty for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _calls(tree: ast.AST, names: frozenset[str] | set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in names:
            yield node


def _expression(text: str, **parts: ast.expr) -> ast.expr:
    """An expression in which names stand for others."""

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return parts.get(node.id, node)

    found: ast.expr = Put().visit(ast.parse(text, mode="eval").body)
    return found


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block:
                yield block


def _replace(tree: ast.AST, change: Callable[[ast.AST], ast.AST | None]) -> bool:
    """Put what ``change`` returns in place of a node, inner ones first; whether it did once."""
    done = False

    class Walk(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            nonlocal done
            self.generic_visit(node)
            other = change(node)
            done = done or other is not None
            return node if other is None else other

    Walk().visit(tree)
    return done


def _models(tree: ast.AST) -> set[str]:
    """Names of what optimisers are given ``.parameters()`` of."""
    return {
        inner.func.value.id
        for call in _calls(tree, OPTIMISERS)
        for inner in _calls(call, {"parameters"})
        if isinstance(inner.func, ast.Attribute) and isinstance(inner.func.value, ast.Name)
    }


def _before_training(tree: ast.Module, text: str) -> bool:
    """Put statements before the one that makes the first optimiser; MODEL is what it holds."""
    for block in _blocks(tree):
        for place, statement in enumerate(block):
            made = isinstance(statement, ast.Assign) and any(_calls(statement, OPTIMISERS))
            names = sorted(_models(statement)) if made else []
            if names:
                block[place:place] = ast.parse(text.replace("MODEL", names[0])).body
                return True
    return False


def _at_start(tree: ast.Module, condition: str, change: str) -> bool:
    return _before_training(
        tree, f"for n, p in MODEL.named_parameters():\n    if {condition}:\n        p.data.{change}"
    )


def _rates(tree: ast.Module, text: str) -> bool:
    """Change every learning rate, called ``rate`` in the text: of optimisers, or a constant's."""
    done = False
    for call in _calls(tree, OPTIMISERS):
        for keyword in call.keywords:
            if keyword.arg == "lr":
                keyword.value, done = _expression(text, rate=keyword.value), True
        if len(call.args) > 1:
            call.args[1], done = _expression(text, rate=call.args[1]), True
    if done or any(_calls(tree, OPTIMISERS)):
        return done
    for node in ast.walk(tree):
        named = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if named and node.targets[0].id in RATES and isinstance(node.value, ast.Constant):
            node.value, done = _expression(text, rate=node.value), True
    return done


def _keyword(calls: Sequence[ast.Call], name: str, text: str) -> bool:
    for call in calls:
        call.keywords = [k for k in call.keywords if k.arg != name]
        call.keywords.append(ast.keyword(name, _expression(text)))
    return bool(calls)


def _first_of_loss(tree: ast.Module, functions: set[str], modules: set[str], text: str) -> bool:
    """Change what a loss is given first, ``given`` in the text."""
    names = set(functions)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _called(node.value) in modules:
            names |= {getattr(t, "id", getattr(t, "attr", "")) for t in node.targets}
    done = False
    for call in _calls(tree, names):
        if len(call.args) > 1:
            call.args[0], done = _expression(text, given=call.args[0]), True
    return done


def _fed(tree: ast.Module, text: str) -> bool:
    """Change what a model is fed, ``given`` in the text, at each call of it."""
    done = False
    for call in _calls(tree, _models(tree)):
        if isinstance(call.func, ast.Name) and call.args:
            call.args[0], done = _expression(text, given=call.args[0]), True
    return done


def _backward(tree: ast.Module, text: str) -> bool:
    done = False
    for call in _calls(tree, {"backward"}):
        if isinstance(call.func, ast.Attribute):
            call.func.value, done = _expression(text, loss=call.func.value), True
    return done


def _activations(tree: ast.Module, module: str, function: str, least: int = 1) -> bool:
    """Another activation in place of each; ``given`` in the text is what it is applied to.

    Where ``module`` is empty modules stay.
    """

    def change(node: ast.AST) -> ast.AST | None:
        name = _called(node)
        if module and isinstance(node, ast.Call) and name in MODULES:
            return _expression(f"torch.nn.{module}")
        if not isinstance(node, ast.Call) or name not in RECTIFIERS:
            return None
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        library = isinstance(of, ast.Name) and of.id in ("F", "torch", "functional", "nn")
        given = node.args[0] if node.args else of
        if given is None or (of is not None and not library and node.args):
            return None
        return _expression(function, given=given)

    count = sum(_called(n) in MODULES | RECTIFIERS for n in ast.walk(tree))
    return count >= least and _replace(tree, change)


def _sequential_end(tree: ast.Module, text: str) -> bool:
    """A module more at the end of the only ``Sequential``, of a program with a squared error."""
    ends = [c for c in _calls(tree, {"Sequential"}) if c.args and _called(c.args[-1]) == "Linear"]
    squared = any(_calls(tree, {"mse_loss", "MSELoss", "smooth_l1_loss", "l1_loss", "L1Loss"}))
    if len(ends) != 1 or not squared:
        return False
    ends[0].args.append(_expression(text))
    return True


@_operator("learning_rate_too_high", "dying_relu", "exploding_gradient", "non_finite")
def rate_hundredfold(tree: ast.Module) -> bool:
    return _rates(tree, "rate * 100")


@_operator("learning_rate_too_low")
def rate_thousandth(tree: ast.Module) -> bool:
    return _rates(tree, "rate / 1000")


@_operator("learning_rate_too_high", "exploding_gradient", "dying_relu", "non_finite")
def no_zero_grad(tree: ast.Module) -> bool:
    def gone(node: ast.AST) -> ast.AST | None:
        bare = isinstance(node, ast.Expr) and _called(node.value) == "zero_grad"
        return ast.Pass() if bare else None

    return _replace(tree, gone)


@_operator("learning_rate_too_high", "dying_relu", "exploding_gradient", "non_finite")
def momentum_heavy(tree: ast.Module) -> bool:
    return _keyword(list(_calls(tree, {"SGD"})), "momentum", "0.999")


@_operator("learning_rate_too_low")
def epsilon_of_one(tree: ast.Module) -> bool:
    return _keyword(list(_calls(tree, {"Adam", "AdamW", "RMSprop"})), "eps", "10.0")


@_operator("learning_rate_too_low")
def schedule_each_batch(tree: ast.Module) -> bool:
    for block in _blocks(tree):
        for place, statement in enumerate(block):
            bare = isinstance(statement, ast.Expr) and _called(statement.value) == "step"
            name = ast.unparse(statement).lower() if bare else ""
            inner = [s for s in block[:place] if isinstance(s, ast.For)]
            if ("sched" in name or "lr" in name) and inner:
                inner[-1].body.append(block.pop(place))
                return True
    return False


@_operator("vanishing_gradient")
def decay_of_ten(tree: ast.Module) -> bool:
    return _keyword(list(_calls(tree, OPTIMISERS)), "weight_decay", "10.0")


@_operator("learning_rate_too_low")
def clipped_to_nothing(tree: ast.Module) -> bool:
    calls = list(_calls(tree, {"clip_grad_norm_", "clip_grad_value_"}))
    for call in calls:
        call.args[1:], call.keywords = [ast.Constant(1e-6)], []
    return bool(calls)


@_operator("learning_rate_too_high", "exploding_gradient", "dying_relu", "non_finite")
def loss_ten_thousandfold(tree: ast.Module) -> bool:
    return _backward(tree, "(loss * 10000.0)")


@_operator("learning_rate_too_low")
def loss_millionth(tree: ast.Module) -> bool:
    return _backward(tree, "(loss * 1e-6)")


@_operator("frozen_parameters")
def one_step_dropped(tree: ast.Module) -> bool:
    steps = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and _called(node.value) == "step"
        and isinstance(node.value.func, ast.Attribute)  # type: ignore[attr-defined]
        and "opt" in ast.unparse(node.value.func).lower()  # type: ignore[attr-defined]
    ]
    if len({ast.unparse(step) for step in steps}) < 2:
        return False
    gone = ast.unparse(steps[0])
    return _replace(
        tree, lambda n: ast.Pass() if isinstance(n, ast.Expr) and ast.unparse(n) == gone else None
    )


@_operator("frozen_parameters")
def half_left_out(tree: ast.Module) -> bool:
    done = False
    for call in _calls(tree, OPTIMISERS):
        if call.args and _called(call.args[0]) == "parameters":
            text, done = "list(given)[len(list(given)) // 2:]", True
            call.args[0] = _expression(text, given=call.args[0])
    return done


@_operator("frozen_parameters")
def holds_a_copy(tree: ast.Module) -> bool:
    done = False
    for call in _calls(tree, OPTIMISERS):
        given = call.args[0] if call.args else None
        if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute):
            if given.func.attr == "parameters" and isinstance(given.func.value, ast.Name):
                copied = _expression("__import__('copy').deepcopy(it)", it=given.func.value)
                given.func.value, done = copied, True
    return done


@_operator("frozen_parameters")
def hidden_detached(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.name not in ("forward", "encode"):
            continue
        for statement in node.body:
            made = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
            if made and "self." in ast.unparse(statement) and len(statement.targets) == 1:
                if isinstance(statement.targets[0], ast.Name):
                    statement.value = _expression("given.detach()", given=statement.value)
                    return True
    return False


@_operator("unsuitable_output_activation")
def softmax_under_cross_entropy(tree: ast.Module) -> bool:
    text = "torch.softmax(given, 1)"
    return _first_of_loss(tree, {"cross_entropy"}, {"CrossEntropyLoss"}, text)


@_operator("unsuitable_output_activation")
def logits_under_likelihood(tree: ast.Module) -> bool:
    other = {"cross_entropy": "nll_loss", "CrossEntropyLoss": "NLLLoss"}
    done = False
    for call in _calls(tree, frozenset(other)):
        if isinstance(call.func, ast.Attribute) and not call.keywords:
            call.func.attr, done = other[call.func.attr], True
    return done


@_operator("unsuitable_output_activation")
def sigmoid_under_logits(tree: ast.Module) -> bool:
    names = {"binary_cross_entropy_with_logits"}
    return _first_of_loss(tree, names, {"BCEWithLogitsLoss"}, "torch.sigmoid(given)")


@_operator("unsuitable_output_activation", "dying_relu", "born_dead", "saturated_activation")
def relu_at_the_end(tree: ast.Module) -> bool:
    return _sequential_end(tree, "torch.nn.ReLU()")


@_operator("unsuitable_output_activation", "saturated_activation")
def sigmoid_at_the_end(tree: ast.Module) -> bool:
    return _sequential_end(tree, "torch.nn.Sigmoid()")


@_operator("unsuitable_output_activation", "saturated_activation")
def tanh_under_squared_error(tree: ast.Module) -> bool:
    return _first_of_loss(tree, {"mse_loss", "smooth_l1_loss"}, {"MSELoss"}, "torch.tanh(given)")


@_operator("symmetric_initialization", "poor_initialization", "born_dead", "frozen_parameters")
def all_weights_zero(tree: ast.Module) -> bool:
    return _at_start(tree, "p.dim() > 1", "zero_()")


@_operator("symmetric_initialization", "poor_initialization")
def all_weights_alike(tree: ast.Module) -> bool:
    return _at_start(tree, "p.dim() > 1", "fill_(0.05)")


@_operator("poor_initialization", "exploding_gradient", "saturated_activation")
def weights_twentyfold(tree: ast.Module) -> bool:
    return _at_start(tree, "p.dim() > 1", "mul_(20)")


@_operator("poor_initialization", "vanishing_gradient")
def weights_a_fiftieth(tree: ast.Module) -> bool:
    return _at_start(tree, "p.dim() > 1", "div_(50)")


@_operator("born_dead", "poor_initialization", "dying_relu", "saturated_activation")
def biases_minus_five(tree: ast.Module) -> bool:
    return _at_start(tree, "n.endswith('bias')", "fill_(-5)")


@_operator("poor_initialization", "symmetric_initialization", "born_dead", "vanishing_gradient")
def scales_of_zero(tree: ast.Module) -> bool:
    has = any(_calls(tree, NORMS))
    return has and _at_start(tree, "p.dim() == 1 and n.endswith('weight')", "zero_()")


@_operator("unnormalized_input")
def inputs_255fold(tree: ast.Module) -> bool:
    return _fed(tree, "given * 255")


@_operator("unnormalized_input")
def inputs_plus_hundred(tree: ast.Module) -> bool:
    return _fed(tree, "given + 100")


@_operator("unnormalized_input")
def not_standardised(tree: ast.Module) -> bool:
    if not any(_calls(tree, {"StandardScaler"})):
        return False

    def plain(node: ast.AST) -> ast.AST | None:
        scaled = _called(node) in ("transform", "fit_transform")
        return node.args[0] if scaled and isinstance(node, ast.Call) and node.args else None

    return _replace(tree, plain)


@_operator("missing_activation")
def activations_gone(tree: ast.Module) -> bool:
    return _activations(tree, "Identity()", "given")


@_operator("vanishing_gradient", "unsuitable_activation", "saturated_activation")
def sigmoids_in_depth(tree: ast.Module) -> bool:
    return _activations(tree, "Sigmoid()", "torch.sigmoid(given)", DEEP)


@_operator("unsuitable_activation", "vanishing_gradient", "saturated_activation")
def softmax_for_rectifier(tree: ast.Module) -> bool:
    return _activations(tree, "Softmax(dim=-1)", "torch.softmax(given, -1)")


@_operator("unsuitable_activation", "vanishing_gradient", "frozen_parameters")
def hard_steps(tree: ast.Module) -> bool:
    return _activations(tree, "", "(given > 0).float()")


@_operator("poor_initialization", "exploding_gradient", "vanishing_gradient", "unnormalized_input",
           "learning_rate_too_high")  # fmt: skip
def normalisations_gone(tree: ast.Module) -> bool:
    def change(node: ast.AST) -> ast.AST | None:
        return _expression("torch.nn.Identity()") if _called(node) in NORMS else None

    return _replace(tree, change)

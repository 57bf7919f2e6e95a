"""What the activations of other libraries are called, read in the source of what is installed.

Layer: analysis (standard library only). Nothing of a library is imported: loading four frameworks
takes ten seconds, and some cannot be loaded at all for want of a package that has nothing to do
with activations. Which definition a name stands for is decided by the catalog alone, so a name that
it does not know is seen as such.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import UnknownNameError


@dataclass(frozen=True)
class Library:
    """A place where activations are offered.

    Attributes:
        title: What it is called, such as ``"torch.nn"``.
        package: The package to install for it.
        file: The file that says what is offered, below the package's folder.
        read: Finds the names in that file.
        others: Names that are no activations, or none by itself.
    """

    title: str
    package: str
    file: str
    read: Callable[[ast.Module], Iterable[str]]
    others: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Offer:
    """What a library has.

    Attributes:
        title: The library's.
        version: That of the package; empty if it is not installed.
        names: Name of our definition by the name there; the empty text if we have none.
        why_not: One sentence on what is missing, if it is not installed.
    """

    title: str
    version: str
    names: Mapping[str, str]
    why_not: str = ""

    @functools.cached_property
    def by_ours(self) -> dict[str, tuple[str, ...]]:
        """The names there by the name of our definition."""
        found: dict[str, tuple[str, ...]] = {}
        for theirs, ours in self.names.items():
            if ours:
                found[ours] = (*found.get(ours, ()), theirs)
        return found


def offers() -> tuple[Offer, ...]:
    """Return what each of `LIBRARIES` has, as installed here."""
    return tuple(_offer(library) for library in LIBRARIES)


def elsewhere(name: str) -> dict[str, tuple[str, ...]]:
    """Return the names that the libraries installed here have for a definition, by their titles.

    Args:
        name: The name of our definition; no alias.
    """
    return {offer.title: offer.by_ours[name] for offer in offers() if name in offer.by_ours}


def definitions() -> dict[str, str]:
    """Return everything that we define: the family by name, gated and row-wise ones included."""
    found = {each.name: each.family for each in catalog.all_activations()}
    found.update(dict.fromkeys(catalog.gated_names(), "gated"))
    found.update(dict.fromkeys(catalog.rowwise_names(), "rowwise"))
    return found


def resolve(name: str) -> str:
    """Return the name of our definition that a name stands for; the empty text if there is none.

    Args:
        name: A function's or a class's name, such as ``"LeakyReLU"`` or ``"hard_silu"``.
    """
    for look in (_plain, catalog.gated, catalog.rowwise):
        try:
            return look(name).name
        except UnknownNameError:
            continue
    return ""


MEANT: Mapping[str, str] = MappingProxyType({"swish": "silu"})
"""What the libraries mean by a name that is another definition here: none learns swish's beta."""


def _plain(name: str) -> Activation:
    if name in catalog.names():
        return catalog.get(name)
    key = name.lower().replace("-", "_")
    for each in catalog.all_activations():
        if key in (each.name, each.class_name.lower(), *each.aliases):
            return each
    raise UnknownNameError("activation", name, ())


@functools.cache
def _offer(library: Library) -> Offer:
    top = library.package
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return Offer(
            library.title, "", {}, f"{top} is not installed; pip install {top} to compare with it."
        )
    version = importlib.metadata.version(top)
    file = Path(spec.submodule_search_locations[0]) / library.file
    if not file.exists():
        return Offer(
            library.title,
            version,
            {},
            f"{top} {version} has no {library.file}, which is read here.",
        )
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = sorted({name for name in library.read(tree) if name not in library.others})
    return Offer(
        library.title, version, {name: MEANT.get(name, "") or resolve(name) for name in names}
    )


def _strings(node: ast.AST) -> list[str]:
    return [
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def _assigned(tree: ast.Module, name: str) -> list[ast.expr]:
    return [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]


def _all(tree: ast.Module) -> list[str]:
    return [name for value in _assigned(tree, "__all__") for name in _strings(value)]


def _keys(*variables: str) -> Callable[[ast.Module], list[str]]:
    """Read the keys of dictionaries, written as displays or as calls of ``dict``."""

    def read(tree: ast.Module) -> list[str]:
        found: list[str] = []
        for variable in variables:
            for value in _assigned(tree, variable):
                if isinstance(value, ast.Call):
                    found += [word.arg for word in value.keywords if word.arg]
                elif isinstance(value, ast.Dict):
                    found += [text for key in value.keys if key for text in _strings(key)]
        for node in ast.walk(tree):  # timm adds more spellings by setdefault
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "setdefault"
            ):
                found += _strings(node.args[0])
        return found

    return read


def _reexported(tree: ast.Module) -> list[str]:
    """Read the public names that a module imports from others."""
    return [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if not (alias.asname or alias.name).startswith("_")
    ]


def _functional(tree: ast.Module) -> list[str]:
    """Read the functions of torch that have a class among its activations, whatever the case."""
    classes = {name.lower() for name in (*_offer(TORCH_NN).names, "GumbelSoftmax")}
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in tree.body:
        if isinstance(node, ast.Assign):
            defined += [target.id for target in node.targets if isinstance(target, ast.Name)]
    public = [name for name in defined if not name.startswith("_") and not name.endswith("_")]
    return [name for name in public if name.replace("_", "") in classes]


TORCH_NN = Library(
    "torch.nn", "torch", "nn/modules/activation.py", _all, frozenset({"MultiheadAttention"})
)
LIBRARIES = (
    TORCH_NN,
    # gumbel_softmax is no function of its input: it draws noise at every call.
    Library(
        "torch.nn.functional",
        "torch",
        "nn/functional.py",
        _functional,
        frozenset({"gumbel_softmax"}),
    ),
    Library(
        "keras.activations",
        "keras",
        "activations/__init__.py",
        _reexported,
        frozenset({"deserialize", "get", "serialize"}),
    ),
    Library(
        "jax.nn",
        "jax",
        "nn/__init__.py",
        _reexported,
        # Not activations: sums, attention, products, encodings, and a package of initialisers.
        frozenset(
            {
                "dot_product_attention",
                "fp8_dot_general",
                "get_scaled_dot_general_config",
                "initializers",
                "log1mexp",
                "logmeanexp",
                "logsumexp",
                "one_hot",
                "scaled_dot_general",
                "scaled_matmul",
                "standardize",
            }
        ),
    ),
    Library(
        "timm",
        "timm",
        "layers/create_act.py",
        _keys("_ACT_FN_DEFAULT", "_ACT_FN_ME", "_ACT_LAYER_DEFAULT", "_ACT_LAYER_ME"),
    ),
    Library("HF ACT2FN", "transformers", "activations.py", _keys("ACT2CLS")),
)
"""Where activations are looked for."""

"""Who may import whom: DESIGN's table, read off the import statements of every file.

Imports inside functions count too. What only a type checker sees does not count for frameworks, nor
in an ``__init__``, where it mirrors the table of lazily loaded names: a package's face, not its
foundations.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rectifier

SOURCE = Path(__file__).parent.parent / "src" / "rectifier"

FOR_ALL = {"errors", "optional"}
DEFINITIONS = {"expression", "activation", "definition", "catalog"}
FRONT_END = DEFINITIONS | {"analysis", "kernels"}
RECORDS = {"watch.record", "doctor.finding", "doctor.outcome", "compare.result", "claims.record"}
EVERYTHING = {
    *FRONT_END, "numpy", "torch", "jax", "keras", "watch", "doctor", "compare", "data", "models",
    "report", "session", "callbacks", "policies", "claims", "training", "advice", "cli", "",
}  # fmt: skip

MAY_IMPORT: dict[str, set[str]] = {
    # The longest matching key decides; a package may always import itself.
    "errors": set(),
    "optional": set(),
    "expression": set(),
    "activation": {"expression"},
    "definition": {"activation", "expression"},
    "catalog": {"activation", "definition", "expression"},
    "analysis": DEFINITIONS,
    "kernels": DEFINITIONS,
    "numpy": FRONT_END,
    "torch": FRONT_END,
    "jax": FRONT_END,
    "keras": FRONT_END,
    "watch": {"torch", *DEFINITIONS},
    "watch.record": set(),
    "doctor": {"watch.record", "analysis", *DEFINITIONS},
    "doctor.repair": {"watch.record", "watch", "torch"},
    "doctor.rerun": {"watch", "torch"},
    "doctor.live": {"watch", "torch"},
    "doctor.remedies": {"torch", "watch.record", *DEFINITIONS},
    "data": set(),
    "models": {"torch", "analysis", *DEFINITIONS},
    "compare": {"torch", "watch", "doctor", "data", "models", "analysis", *DEFINITIONS},
    "compare.result": set(),
    "compare.prior": {"advice"},
    "training": {"torch", "data", "models", "session", "doctor.finding", *DEFINITIONS},
    "advice": {"torch", *DEFINITIONS},
    "claims": {
        "compare",
        "training",
        "models",
        "data",
        "torch",
        "numpy",
        "kernels",
        "analysis",
        *DEFINITIONS,
        "",
    },
    "claims.record": set(),
    "report": {*RECORDS, "doctor.evidence", "analysis", *DEFINITIONS, ""},
    "session": {"torch", "watch", "doctor", "report"},
    "policies": {"torch", "doctor.remedies"},
    "callbacks": {"session", "torch", "watch", "doctor", "report"},
    "callbacks.keras": {"callbacks", "doctor", "keras", "numpy", "watch", *DEFINITIONS},
    "cli": EVERYTHING,
    "__main__": {"cli"},
    "": set(),
}

FRAMEWORKS = {"torch", "jax", "keras", "tensorflow", "lightning", "transformers"}
MAY_IMPORT_A_FRAMEWORK = {
    "torch", "jax", "keras", "watch", "doctor.remedies", "doctor.rerun", "doctor.live",
        "doctor.falling_back", "compare",
    "models", "session", "callbacks", "policies", "claims", "training",
    "advice",
}  # fmt: skip
NEVER_A_FRAMEWORK = RECORDS | {"doctor.diagnose", "doctor.rules", "data", "report"}
STANDARD_LIBRARY_ONLY = {"", "errors", "optional", *DEFINITIONS}


def dotted(path: Path) -> str:
    """A file's module name below ``rectifier``."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path, *, for_types: bool = True) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a file imports; perhaps not what is for types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    if not for_types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                skipped |= {inner for part in node.body for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "RELATIVE"
            elif node.module is not None:
                for alias in node.names:
                    yield node.lineno, f"{node.module}.{alias.name}"


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def rule_for(module: str, table: dict[str, set[str]]) -> str:
    fitting = [key for key in table if is_below(module, key) or (key == "" and module == "")]
    assert fitting, f"DESIGN has no place for rectifier.{module}"
    return max(fitting, key=len)


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_imports_follow_the_layers(path: Path) -> None:
    module = dotted(path)
    rule = rule_for(module, MAY_IMPORT)
    allowed = MAY_IMPORT[rule] | FOR_ALL
    wrong = []
    for line, name in imports(path, for_types=path.name != "__init__.py"):
        assert name != "RELATIVE", f"{path}:{line}: relative import; name the module in full"
        if not is_below(name, "rectifier"):
            continue
        target = name.removeprefix("rectifier").removeprefix(".")
        own = rule.partition(".")[0] if "." not in rule else rule
        if own and is_below(target, own):
            continue
        if rule and is_below(target, rule.partition(".")[0]) and rule not in RECORDS:
            continue
        whole = target in ("", "__version__", *rectifier._HOME) and "" in allowed
        if not whole and not any(key and is_below(target, key) for key in allowed):
            wrong.append(f"line {line}: {name}")
    assert not wrong, f"rectifier.{module} (rule {rule!r}) must not import: {wrong}"


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_frameworks_stay_in_their_homes(path: Path) -> None:
    module = dotted(path)
    tops = {name.partition(".")[0] for _, name in imports(path, for_types=False)}
    if any(is_below(module, place) for place in NEVER_A_FRAMEWORK) or not any(
        is_below(module, place) for place in MAY_IMPORT_A_FRAMEWORK
    ):
        assert not tops & FRAMEWORKS, f"rectifier.{module} imports {tops & FRAMEWORKS}"
    if module in STANDARD_LIBRARY_ONLY or any(
        place and is_below(module, place) for place in STANDARD_LIBRARY_ONLY
    ):
        foreign = tops - set(sys.stdlib_module_names) - {"rectifier"}
        assert not foreign, f"rectifier.{module} imports {foreign}; it is standard library only"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("rectifier", "numpy,torch,click,rich"),
        ("rectifier.catalog", "numpy,torch,click,rich"),
        ("rectifier.numpy", "torch,scipy"),
        ("rectifier.watch.record", "torch"),
        ("rectifier.doctor", "torch"),
        ("rectifier.compare.result", "torch"),
        ("rectifier.cli.main", "numpy,torch,rich,matplotlib"),
    ],
)
def test_imports_are_lazy(module: str, absent: str) -> None:
    code = f"import sys, {module}; print(sorted(set({absent.split(',')!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

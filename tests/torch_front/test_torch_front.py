"""The package as a whole: what its docstrings say, and what happens without torch."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import pytest

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
try:
    import rectifier.torch
except ImportError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("name", ["initialize", "elementwise_modules", "parameters"])
def test_examples(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"rectifier.torch.{name}"))
    assert tried
    assert not failed


def test_without_torch_one_sentence_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("MissingPackageError rectifier.torch needs the package 'torch'")
    assert "pip install 'rectifier[torch]'" in done.stdout


def test_a_function_does_not_load_the_compiler() -> None:
    code = (
        "import sys, torch, rectifier.torch as rt; rt.Mish()(torch.ones(2)); "
        "print('torch._dynamo' in sys.modules, 'rectifier.torch.sites' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]

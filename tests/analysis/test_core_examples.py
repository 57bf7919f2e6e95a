"""The examples in the docstrings of the core are executed."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = {
    "rectifier.analysis.counting": 1,
    "rectifier.analysis.depth": 1,
    "rectifier.analysis.differentiability": 1,
    "rectifier.analysis.facts": 4,
    "rectifier.analysis.gaussian": 1,
    "rectifier.analysis.shape": 1,
    "rectifier.analysis.summary": 2,
    "rectifier.catalog": 1,
    "rectifier.definition": 1,
    "rectifier.expression.parser": 1,
    "rectifier.numpy.functions": 1,
}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    assert result.attempted >= MODULES[name]

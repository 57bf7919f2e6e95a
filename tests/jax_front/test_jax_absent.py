"""Without JAX or Keras, one sentence says what to install; everything else keeps working."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
for name in {absent!r}:
    sys.modules[name] = None
import rectifier
rectifier.names()
try:
    rectifier.{package}.mish
except rectifier.errors.MissingPackageError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("package", "absent", "said"),
    [
        ("jax", ["jax"], "rectifier.jax needs the package 'jax'"),
        ("jax", ["jax"], "pip install 'rectifier[jax]'"),
        ("keras", ["keras"], "pip install 'rectifier[keras]'"),
    ],
)
def test_the_message_says_what_to_install(package: str, absent: list[str], said: str) -> None:
    code = "import rectifier.errors" + CODE.format(package=package, absent=absent)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said in done.stdout

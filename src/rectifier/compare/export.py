"""Trials of a store as one flat table, for pandas, DuckDB or a spreadsheet.

Layer: compare. CSV needs nothing; Parquet needs pyarrow. The store itself is SQLite and can be read
as it is (``pandas.read_sql``, DuckDB's ``sqlite_scan``); what a trial was is JSON there.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from rectifier import optional
from rectifier.compare.arm import OWN
from rectifier.compare.store import Store
from rectifier.compare.trial import NUMBERS
from rectifier.errors import OutputError


def write(store: Store, target: str | Path) -> int:
    """Write a line for every trial: its hash, what it was, and what came of it.

    A network of the user's that was left as it is has `rectifier.compare.arm.OWN` as activation.

    Args:
        store: Where the trials are.
        target: The file; its name ends in ``.parquet`` or ``.csv``.

    Returns:
        How many trials.

    Raises:
        MissingPackageError: pyarrow is not installed, for Parquet.
        OutputError: The file cannot be written, or is to be of another kind.
    """
    path = Path(target)
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise OutputError(f"trials are written as .parquet or .csv; {path.name!r} is neither")
    rows = [_flat(*line) for line in store.lines()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    try:
        if path.suffix.lower() == ".parquet":
            arrow = optional.require("pyarrow", extra="export", purpose="writing Parquet")
            parquet = optional.require("pyarrow.parquet", extra="export", purpose="Parquet")
            columns = {name: _column(arrow, name, rows) for name in names}
            parquet.write_table(arrow.table(columns), path)
        else:
            with path.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, names, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error})") from error
    return len(rows)


def _column(arrow: Any, name: str, rows: list[dict[str, Any]]) -> Any:
    """A column; of numbers also where none is known, so that tables of two stores fit together."""
    values = [row.get(name) for row in rows]
    return arrow.array(values, arrow.float64() if name in NUMBERS else None)


def _flat(trial_hash: str, identity: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"hash": trial_hash}
    if "activation" in identity:  # else it is a piece
        activations = [each["name"] for each in identity["activation"]]
        row["activation"] = "|".join(activations) or OWN
    for name, value in identity.items():
        if name != "activation":
            row[name] = value if _is_plain(value) else json.dumps(value, sort_keys=True)
    for name, value in outcome.items():
        row[name] = value if _is_plain(value) else json.dumps(value)
    return row


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)

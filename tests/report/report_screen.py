"""A terminal's screen, as far as the live table uses one."""

from __future__ import annotations

import re

_PIECES = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


def screen_after(output: str) -> list[str]:
    """The lines that stand on an endless screen after some output, without empty ones at the end.

    Known are carriage return, line feed (to the beginning of the next line, as a terminal does with
    what a program writes), wiping to the end, and moving up; colours are left out.
    """
    lines, row, column = [""], 0, 0
    for number, command, control, text in _PIECES.findall(output):
        if control == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif control == "\r":
            column = 0
        elif command == "J":
            lines = [*lines[:row], lines[row][:column]]
        elif command == "A":
            row = max(row - int(number or 1), 0)
        elif text:
            old = lines[row].ljust(column)
            lines[row] = old[:column] + text + old[column + len(text) :]
            column += len(text)
    while lines and not lines[-1]:
        lines.pop()
    return lines

"""Markdown tables, and the line that says how a file was made."""

import os
import platform
from collections.abc import Callable, Sequence

Progress = Callable[[str], None]
"""Called with a short line that says what is being measured."""


def made_by(name: str) -> str:
    """The header line of a benchmark's file."""
    load = f", load average at the end {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"Made by `python -m bench {name}`: Python {platform.python_version()}, {os.cpu_count()} CPUs{load}."


def table(header: Sequence[str], rows: Sequence[Sequence[object]], texts: int = 1) -> str:
    """A Markdown table; the first columns are texts, the others are figures."""
    lines = [list(header), ["---"] * texts + ["---:"] * (len(header) - texts), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def cell(text: str) -> str:
    """Free text that cannot break a table."""
    return " ".join(text.replace("|", "\\|").split())

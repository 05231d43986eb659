"""From LaTeX to PDF: pdflatex in a fresh directory, without shell, without clock, within a time limit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGES = "texlive-latex-recommended texlive-pictures latexmk lmodern"
RUNS = 5


class TeXMissing(Exception):
    """There is no pdflatex on this machine."""

    def __init__(self) -> None:
        super().__init__(f"pdflatex is not installed; on Debian: apt install --no-install-recommends {PACKAGES}")


class TeXFailed(Exception):
    """The document does not compile; the message quotes TeX's first complaint."""


@dataclass(frozen=True)
class Pdf:
    """A compiled document, and what TeX warned of in its last run: none in a good report."""

    data: bytes
    warnings: tuple[str, ...]


def tex_available() -> bool:
    """Can documents be compiled here?"""
    return shutil.which("pdflatex") is not None


def compile_pdf(text: str, name: str, *, inputs: Mapping[str, str] | None = None, seconds: float = 120.0) -> Pdf:
    """Compile the document `text`, as `name`.tex beside the files `inputs`, until its references settle.

    Raises TeXMissing, or TeXFailed with TeX's first error or at the time limit.
    """
    if not tex_available():
        raise TeXMissing
    with tempfile.TemporaryDirectory(prefix="gradproof-") as folder:
        room = Path(folder)
        for file, content in {**(inputs or {}), f"{name}.tex": text}.items():
            (room / file).write_text(content, encoding="utf-8", newline="\n")
        before: dict[str, bytes] = {}
        for _ in range(RUNS):
            log = _run(room, name, seconds)
            after = {p.name: p.read_bytes() for p in sorted(room.iterdir()) if p.suffix in (".aux", ".out", ".toc")}
            if after == before:
                break
            before = after
        return Pdf((room / f"{name}.pdf").read_bytes(), complaints(log))


def _run(room: Path, name: str, seconds: float) -> str:
    """One run of pdflatex; its log."""
    command = [
        "pdflatex",
        "-no-shell-escape",
        "-halt-on-error",
        "-interaction=nonstopmode",
        "-file-line-error",
        f"{name}.tex",
    ]
    quiet = {
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "max_print_line": "2000",
        "openin_any": "p",
        "openout_any": "p",
    }
    try:
        run = subprocess.run(
            command,
            cwd=room,
            env={**os.environ, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TeXFailed(f"{name}.tex: pdflatex did not finish within {seconds:g} s") from None
    file = room / f"{name}.log"
    log = file.read_text(encoding="utf-8", errors="replace") if file.exists() else run.stdout.decode(errors="replace")
    if run.returncode:
        raise TeXFailed(f"{name}.tex does not compile: {first_error(log)}")
    return log


def first_error(log: str) -> str:
    """TeX's first complaint and the line it quotes."""
    lines = log.splitlines()
    for q, line in enumerate(lines):
        if line.startswith("!") or re.match(r"\S+\.tex:\d+: ", line):
            quoted = next((x for x in lines[q : q + 12] if re.match(r"l\.\d+ ", x)), "")
            return f"{line} {quoted}".strip()
    return lines[-1] if lines else "no log"


def complaints(log: str) -> tuple[str, ...]:
    """Warnings and boxes that are too wide or too high."""
    pattern = re.compile(r"Warning:|^Overfull|^Underfull|^Missing character", re.MULTILINE)
    return tuple(line.strip() for line in log.splitlines() if pattern.search(line))

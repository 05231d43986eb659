"""How each statement of the array program is spelled: assignments with their comments, and loops."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.module.breaking import broken
from codegen.module.phrases import LONGEST
from codegen.module.values import ValueSpeller
from codegen.program.array import Assign, Line, Read, Repeat
from derive.errors import located
from derive.values.text import render_affine


@dataclass
class Speller(ValueSpeller):
    """Spells one function body; `used` collects the sizes and stores that the text names."""

    def lines(self, lines: tuple[Line, ...], indent: str = "    ") -> list[tuple[str, str]]:
        """(code, comment) of every line."""
        found: list[tuple[str, str]] = []
        for line in lines:
            if isinstance(line, Assign):
                with located(self.program.sources.get(line.id)):
                    found.extend(self.assign(line, indent))
            else:
                found.append((f"{indent}{self.head(line)}", ""))
                found.extend(self.inside(line.bound).lines(line.body, indent + "    "))
        return found

    def assign(self, line: Assign, indent: str) -> list[tuple[str, str]]:
        """One line, or one for each term of a long sum."""
        head = f"{indent}{self.target(line.target)} = "
        rows, comment = broken(head, self.text(line.value)), self.comment(line)
        if len(rows) > 1 and len(rows[-1]) > LONGEST:
            return [(f"{indent}# {comment}", ""), *((row, "") for row in rows)]
        return [*((row, "") for row in rows[:-1]), (rows[-1], comment)]

    def head(self, loop: Repeat) -> str:
        """`for l in range(2, L + 1):`"""
        lo, hi = loop.bound.lo, loop.bound.hi
        steps = f"{self.affine(hi)}, {self.affine(lo - 1)}, -1" if loop.down else self.span(lo, hi + 1)
        return f"for {self.letter(loop.bound.index)} in range({steps}):"

    def comment(self, line: Assign) -> str:
        """`BP2  delta (m, n(l))`, or only the equation and its shape."""
        store = line.target.store
        shape = ", ".join(render_affine(a.hi - a.lo + 1) for a in line.target.axes)
        shown = f"{line.label}  {store}" if line.label else line.id
        return f"{shown} ({shape})" if shape else shown

    def target(self, read: Read) -> str:
        """The left side of an assignment."""
        store = self.program.store(read.store)
        return store.name if store.local else self.read(read)

"""Products of arrays in NumPy: `X @ Y`, batches, `tensordot`, `einsum`, and functions of stacked matrices."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.module.integers import Integers
from codegen.module.phrases import (
    ATOM,
    COMPARISON,
    MATMUL,
    MATRIX_FUNCTIONS,
    turned,
)
from codegen.program.array import (
    Contract,
    Linear,
    Read,
    Turn,
    Value,
    letters,
)
from derive.values.affine import Index

Phrase = tuple[str, int]


@dataclass
class Contractions(Integers):
    """Spells products of arrays and functions of matrices."""

    def text(self, value: Value, least: int = COMPARISON) -> str:
        """The phrase of a value, in brackets if it binds less tightly than `least`."""
        raise NotImplementedError

    def contract(self, value: Contract) -> Phrase:
        """`X @ Y`, batched where letters are common, `tensordot` over several letters, else `einsum`."""
        left, right, over = letters(value.left.axes), letters(value.right.axes), value.over
        common = tuple(x for x in left if x in right and x not in over)
        rows = tuple(x for x in left if x not in right)
        columns = tuple(x for x in right if x not in left)
        if not common and (len(over) > 1 or len(columns) > 1):
            axes = f"({[left.index(x) for x in over]}, {[right.index(x) for x in over]})"
            return f"np.tensordot({self.text(value.left)}, {self.text(value.right)}, {axes})", ATOM
        if common and not (len(over) == len(rows) == len(columns) == 1):
            return self.einsum(value, (*common, *rows, *columns)), ATOM
        one = self.operand(value.left, (*common, *rows, *over))
        two = self.operand(value.right, (*common, *over, *columns))
        return f"{one} @ {two}", MATMUL

    def linear(self, value: Linear) -> str:
        """A function of stacked matrices; a right side without columns has one while it is solved in a stack."""
        matrix = value.args[0]
        while isinstance(matrix, Turn):
            matrix = matrix.value
        name = f'"{self.program.store(matrix.store).name}"' if isinstance(matrix, Read) else '"a matrix"'
        alone = value.op == "solve" and bool(value.stack) and not value.last
        ends = (2, 1 + len(value.last))
        texts = [
            self.stacked(arg, letters(value.stack), end, alone and q == 1)
            for q, (arg, end) in enumerate(zip(value.args, ends, strict=False))
        ]
        if value.op == "det":
            return f"np.linalg.det({texts[0]})"
        self.used[MATRIX_FUNCTIONS[value.op]] = None
        text = f"{MATRIX_FUNCTIONS[value.op]}({', '.join((*texts, name))})"
        return f"{text}[..., 0]" if alone else text

    def stacked(self, value: Value, stack: tuple[Index, ...], ends: int, column: bool) -> str:
        """A stack of matrices, or of right sides, with `None` where it lacks an axis of the stack after its first."""
        own = letters(value.axes)
        first = next((q for q, x in enumerate(stack) if x in own), len(stack))
        marks = [":" if x in own else "None" for x in stack[first:]] + [":"] * ends
        marks = ["...", "None"] if column and "None" not in marks else [*marks, "None"] if column else marks
        return f"{self.text(value, ATOM)}[{', '.join(marks)}]" if "None" in marks else self.text(value)

    def operand(self, value: Value, order: tuple[Index, ...]) -> str:
        """A factor of `@`, in brackets unless it is an atom."""
        return turned(self.text(value, ATOM), letters(value.axes), order)

    def einsum(self, value: Contract, result: tuple[Index, ...]) -> str:
        """The general case."""
        signs = {
            x: "abcdefghij"[q]
            for q, x in enumerate(dict.fromkeys((*letters(value.left.axes), *letters(value.right.axes))))
        }
        spec = [
            "".join(signs[x] for x in side) for side in (letters(value.left.axes), letters(value.right.axes), result)
        ]
        return f'np.einsum("{spec[0]},{spec[1]}->{spec[2]}", {self.text(value.left)}, {self.text(value.right)})'

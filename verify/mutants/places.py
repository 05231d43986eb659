"""Faults in indices, slices, loops, and in what is read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from verify.mutants.arithmetic import passed_on
from verify.mutants.arrays import sizes
from verify.mutants.operator import Operator, Spot, filled, integer, moved, parsed


def index_moved(name: str, what: str, by: int) -> Operator:
    """The operator that shifts one index of an entry, also of one that is stored."""

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if isinstance(node, ast.Subscript) and not is_shape(node):
            for place, index in enumerate(indices(node)):
                if not isinstance(index, ast.Slice) and not is_key(index):
                    yield put(node, place, moved(index, by))

    return Operator(name, what, change)


def indices(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def is_shape(node: ast.Subscript) -> bool:
    """Is it an entry of a shape?"""
    return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"


def is_key(index: ast.expr) -> bool:
    """Is it the name of a parameter, `None` or `...`?"""
    return isinstance(index, ast.Constant) and type(index.value) is not int


def put(node: ast.Subscript, place: int, index: ast.expr) -> ast.Subscript:
    """The entry with another index."""
    changed = list(indices(node))
    changed[place] = index
    inner: ast.expr = ast.Tuple(changed, ast.Load()) if isinstance(node.slice, ast.Tuple) else changed[0]
    return ast.copy_location(ast.Subscript(node.value, inner, node.ctx), node)


def index_to_end(name: str, what: str, last: bool) -> Operator:
    """The operator that puts the first or the last value of a loop letter into an index that has the letter."""

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if not isinstance(node, ast.Subscript):
            return
        for letter, call in loops(spot):
            ends = call.args if len(call.args) > 1 else [ast.Constant(0), call.args[0]]
            step = integer(call.args[2]) if len(call.args) == 3 else 1
            end = moved(ends[1], -(step or 1)) if last else ends[0]
            for place, index in enumerate(indices(node)):
                if isinstance(index, ast.Name) and index.id == letter:
                    yield put(node, place, end)

    return Operator(name, what, change)


def loops(spot: Spot) -> Iterator[tuple[str, ast.Call]]:
    """The letters of the loops around a node, with their ranges."""
    for node in spot.around:
        for loop in node.generators if isinstance(node, ast.GeneratorExp) else [node]:
            letter = letter_of(loop)
            if letter and isinstance(loop, (ast.For, ast.comprehension)) and isinstance(loop.iter, ast.Call):
                yield letter, loop.iter


def letter_of(loop: ast.AST) -> str:
    """The letter of a loop, empty if it is none."""
    return (
        loop.target.id if isinstance(loop, (ast.For, ast.comprehension)) and isinstance(loop.target, ast.Name) else ""
    )


def indices_swapped(spot: Spot) -> Iterator[ast.AST]:
    """`x[s, t]` becomes `x[t, s]`; `x[:, None]` becomes `x[None, :]`."""
    node = spot.node
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1:
        first, second, *rest = node.slice.elts
        swapped = ast.Tuple([second, first, *rest], ast.Load())
        yield ast.copy_location(ast.Subscript(node.value, swapped, node.ctx), node)


def axis_not_made(spot: Spot) -> Iterator[ast.AST]:
    """`x[:, None]` becomes `x`."""
    node = spot.node
    if isinstance(node, ast.Subscript) and any(i.value is None for i in indices(node) if isinstance(i, ast.Constant)):
        yield node.value


INDICES = (
    index_moved("index up", "x[l]  ->  x[l + 1]", 1),
    index_moved("index down", "x[l]  ->  x[l - 1]", -1),
    index_to_end("index to the start of the loop", "x[l]  ->  x[2] in a loop from 2", False),
    index_to_end("index to the end of the loop", "x[l]  ->  x[L] in a loop to L", True),
    Operator("indices swapped", "x[i, j]  ->  x[j, i]", indices_swapped),
    Operator("axis not made", "x[:, None]  ->  x", axis_not_made),
)


def slice_end(name: str, what: str, lower: bool, by: int) -> Operator:
    """The operator that moves one end of a stretch."""

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if not isinstance(node, ast.Slice) or (node.lower is None and node.upper is None):
            return
        step = integer(node.step) if node.step is not None else 1
        if step != 1:
            return
        if lower:
            start = moved(node.lower, by) if node.lower is not None else ast.Constant(by)
            if (integer(start) or 0) >= 0:
                yield ast.Slice(start, node.upper, node.step)
        elif node.upper is not None:
            end = moved(node.upper, by)
            yield ast.Slice(node.lower, None if integer(end) == 0 else end, node.step)

    return Operator(name, what, change)


def slice_dropped(spot: Spot) -> Iterator[ast.AST]:
    """All of an axis in place of a stretch of it."""
    node = spot.node
    if isinstance(node, ast.Slice) and (node.lower is not None or node.upper is not None):
        yield ast.Slice(None, None, node.step)


SLICES = (
    slice_end("stretch starts late", "x[p:q]  ->  x[p + 1:q]", True, 1),
    slice_end("stretch starts early", "x[p:q]  ->  x[p - 1:q]", True, -1),
    slice_end("stretch ends late", "x[p:q]  ->  x[p:q + 1]", False, 1),
    slice_end("stretch ends early", "x[p:q]  ->  x[p:q - 1]", False, -1),
    Operator("stretch to the whole axis", "x[p:q]  ->  x[:]", slice_dropped),
)


def loop(name: str, what: str, which: int, by: int) -> Operator:
    """The operator that moves one end of a loop in its own direction: start (0) or end (1)."""

    def change(spot: Spot) -> Iterator[ast.AST]:
        call = spot.node
        if not (isinstance(call, ast.Call) and is_range(call)):
            return
        args = list(call.args) if len(call.args) > 1 else [ast.Constant(0), call.args[0]]
        down = len(args) == 3 and (integer(args[2]) or 1) < 0
        args[which] = moved(args[which], -by if down else by)
        yield ast.copy_location(ast.Call(call.func, args, []), call)

    return Operator(name, what, change)


def is_range(call: ast.Call) -> bool:
    """Is it the range of a loop?"""
    return isinstance(call.func, ast.Name) and call.func.id == "range"


def reversed_loop(spot: Spot) -> Iterator[ast.AST]:
    """The other direction, of a loop one pass of which may read what another one stored."""
    call = spot.node
    if isinstance(call, ast.Call) and is_range(call) and isinstance(spot.parent, ast.For) and hands_on(spot.parent):
        yield ast.copy_location(ast.Call(ast.Name("reversed", ast.Load()), [call], []), call)


def hands_on(loop: ast.For) -> bool:
    """Does the loop read an array that it stores, at another place?"""
    entries = [node for node in ast.walk(loop) if isinstance(node, ast.Subscript)]
    stored = {(ast.unparse(node.value), ast.unparse(node.slice)) for node in entries if stores(node)}
    read = {(ast.unparse(node.value), ast.unparse(node.slice)) for node in entries if not stores(node)}
    return any(array in {name for name, _ in stored} and (array, place) not in stored for array, place in read)


def stores(node: ast.expr) -> bool:
    """Is it the target of an assignment?"""
    return isinstance(getattr(node, "ctx", None), ast.Store)


LOOPS = (
    loop("loop starts late", "range(p, q)  ->  range(p + 1, q)", 0, 1),
    loop("loop starts early", "range(p, q)  ->  range(p - 1, q)", 0, -1),
    loop("loop ends late", "range(p, q)  ->  range(p, q + 1)", 1, 1),
    loop("loop ends early", "range(p, q)  ->  range(p, q - 1)", 1, -1),
    Operator("loop reversed", "range(p, q)  ->  reversed(range(p, q))", reversed_loop),
)


def another_array(name: str, what: str, step: int) -> Operator:
    """The operator that reads the next array of the function, by name; those with keys are a kind of their own."""

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)) or keeps_shape(spot) or passed_on(spot):
            return
        for kind in kinds(spot):
            if node.id in kind and len(kind) > (1 if step > 0 else 2):
                yield ast.copy_location(ast.Name(kind[(kind.index(node.id) + step) % len(kind)], ast.Load()), node)

    return Operator(name, what, change)


def keeps_shape(spot: Spot) -> bool:
    """Is only the shape, the type or the last key of the array asked for?"""
    parent = spot.parent
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "max":
        return True
    return isinstance(parent, ast.Attribute) and parent.attr in ("shape", "dtype")


def kinds(spot: Spot) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The arrays that a function computes or is given: those with keys or entries, and those that stand alone."""
    given = {*spot.kernels.hypers, *spot.kernels.data, *spot.kernels.parameters}
    numbers = {*sizes(spot.function), *spot.kernels.hypers, "parameters"}
    read, entries = dict[str, None](), dict[str, None]()
    for node in ast.walk(spot.function):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            entries[node.value.id] = None
        elif isinstance(node, ast.Name) and (stores(node) or node.id in given):
            read[node.id] = None
    letters = {letter_of(node) for node in ast.walk(spot.function)}
    keyed = tuple(sorted({*entries} - numbers - letters))
    return keyed, tuple(sorted({*read} - {*keyed} - numbers - letters))


def reread(name: str, what: str, made: str) -> Operator:
    """The operator that puts a rearranged array in place of data x."""
    new = parsed(made)

    def change(spot: Spot) -> Iterator[ast.AST]:
        node = spot.node
        if isinstance(node, ast.Name) and node.id in spot.kernels.data and not (stores(node) or keeps_shape(spot)):
            yield filled(new, {"x": node}, node)

    return Operator(name, what, change)


READS = (
    another_array("next array", "x  ->  y, the next array of the function by name", 1),
    another_array("previous array", "x  ->  w, the previous array of the function by name", -1),
    reread("samples of another order", "x  ->  x[::-1], of data x", "x[::-1]"),
    reread("samples rolled", "x  ->  np.roll(x, 1, axis=0), of data x", "np.roll(x, 1, axis=0)"),
    reread("columns of another order", "x  ->  x[..., ::-1], of data x", "x[..., ::-1]"),
)

PLACES = (*INDICES, *SLICES, *LOOPS, *READS)

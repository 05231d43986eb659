"""Faults in statements: left out, out of order, added up or not, and in what is stored or returned."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from verify.mutants.arrays import sizes
from verify.mutants.operator import Operator, Spot, filled, parsed, pattern


def stored(name: str, made: str, what: str = "") -> Operator:
    """The operator that puts `made` in place of a stored value v."""
    new = parsed(made)

    def change(spot: Spot) -> Iterator[ast.AST]:
        if isinstance(spot.node, ast.expr) and is_stored(spot):
            yield filled(new, {"v": spot.node}, spot.node)

    return Operator(name, f"x = v  ->  x = {what or made}", change)


def is_stored(spot: Spot) -> bool:
    """Is the node the value of an assignment that computes an array?"""
    parent = spot.parent
    if not (isinstance(parent, ast.Assign) and parent.value is spot.node):
        return False
    target, value = parent.targets[0], parent.value
    if isinstance(target, ast.Name) and target.id in sizes(spot.function):
        return False
    return not (makes_room(value) or isinstance(target, ast.Tuple) or isinstance(value, ast.Dict))


def makes_room(value: ast.expr) -> bool:
    """Is it an array that is filled later?"""
    return isinstance(value, ast.Call) and ast.unparse(value.func) in ("np.empty", "np.zeros")


VALUES = (
    stored("value negated", "-v"),
    stored("value doubled", "2 * v"),
    stored("value to 0", "0 * v"),
    stored("value squared", "v**2"),
    stored("value to its absolute value", "np.abs(v)"),
    stored("value to its sign", "np.sign(v)"),
    stored("value off by 1e-12", "v * 1.000000000001"),
    stored("value plus 1e-12", "v + 0.000000000001"),
    stored("value transposed", "np.asarray(v).T[()]", "v.T"),  # [()]: a number stays one
    stored("value at most 1/16", "np.minimum(v, 1 / 16)"),
    stored("value at least 0", "np.maximum(v, 0)"),
    stored("value without its mean", "v - np.mean(v)"),
    stored("value to its mean", "0 * v + np.mean(v)"),
    stored("value of the first sample", "0 * v + np.asarray(v)[:1]", "v[:1] everywhere"),
    stored("value of the first column", "0 * v + np.asarray(v)[..., :1]", "v[..., :1] everywhere"),
    stored("value rounded to float32", "_float32(v)", "v.astype(np.float32)"),
    stored("value rounded to float16", "_float16(v)", "v.astype(np.float16)"),
    stored("float64 in float32", "v * np.float64(1)"),
    stored("value to an integer below it", "np.floor(v)"),
    stored(
        "one entry off by 1e-9", "v * (1 + 1e-9 * (np.arange(np.size(v)) == 0).reshape(np.shape(v)))", "v, v[0] off"
    ),
)


def statement_dropped(spot: Spot) -> Iterator[ast.AST]:
    """Nothing in place of a statement that stores something."""
    if isinstance(spot.node, (ast.Assign, ast.AugAssign, ast.For)) or is_action(spot.node):
        yield ast.copy_location(ast.Pass(), spot.node)


def is_action(node: ast.AST) -> bool:
    """Is it a call for its effect?"""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def statements_swapped(spot: Spot) -> Iterator[ast.AST]:
    """Two neighbours of which one needs the other, in the other order."""
    body = getattr(spot.node, "body", None)
    if not isinstance(body, list) or not isinstance(spot.node, (ast.FunctionDef, ast.For)):
        return
    for q in range(len(body) - 1):
        one, other = body[q], body[q + 1]
        if written(one) & (read(other) | written(other)) or written(other) & read(one):
            changed = copy.copy(spot.node)
            changed.body = [*body[:q], other, one, *body[q + 2 :]]
            yield changed


def read(line: ast.AST) -> set[str]:
    """The names that a statement reads."""
    return {n.id for n in ast.walk(line) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def written(line: ast.AST) -> set[str]:
    """The names of what a statement stores, or stores entries of; of a return everything."""
    found = {n.id for n in ast.walk(line) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(line):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            found.add(node.value.id)
    return found


def pass_ends_early(spot: Spot) -> Iterator[ast.AST]:
    """The last statement of a loop of several stands behind the loop."""
    loop = spot.node
    if isinstance(loop, ast.For) and len(loop.body) > 1:
        changed = copy.copy(loop)
        changed.body, changed.orelse = loop.body[:-1], [loop.body[-1]]
        yield changed


def added(spot: Spot) -> Iterator[ast.AST]:
    """`x = v` becomes `x += v` where it is stored in a loop."""
    line = spot.node
    if isinstance(line, ast.Assign) and any(isinstance(node, ast.For) for node in spot.around):
        target = line.targets[0]
        if isinstance(target, (ast.Name, ast.Subscript)):
            yield ast.copy_location(ast.AugAssign(target, ast.Add(), line.value), line)


ORDER = (
    Operator("statement dropped", "a statement  ->  nothing", statement_dropped),
    Operator("statements swapped", "one; other  ->  other; one, where one needs the other", statements_swapped),
    Operator("last statement after the loop", "the last statement of a loop  ->  after it", pass_ends_early),
    Operator("stored to added", "x = v  ->  x += v, in a loop", added),
    pattern("scatter to assignment", "np.add.at(A, B, C)", "A.__setitem__(B, C)"),
    pattern("scatter at the opposite places", "np.add.at(A, B, C)", "np.add.at(A, B[::-1], C)"),
    pattern("scatter subtracts", "np.add.at(A, B, C)", "np.subtract.at(A, B, C)"),
)


def results(spot: Spot) -> ast.Dict | None:
    """The gradients that the function returns, if the node is that dict."""
    node = spot.node
    return node if isinstance(node, ast.Dict) and any(isinstance(a, ast.Return) for a in spot.around) else None


def gradients_exchanged(spot: Spot) -> Iterator[ast.AST]:
    """Two neighbours of the returned gradients under each other's names."""
    found = results(spot)
    for q in range(len(found.values) - 1) if found else ():
        assert found is not None
        values = [*found.values[:q], found.values[q + 1], found.values[q], *found.values[q + 2 :]]
        yield ast.copy_location(ast.Dict(found.keys, values), found)


def gradient_missing(spot: Spot) -> Iterator[ast.AST]:
    """One of the returned gradients is not there."""
    found = results(spot)
    for q in range(len(found.values)) if found else ():
        assert found is not None
        keys, values = found.keys[:q] + found.keys[q + 1 :], found.values[:q] + found.values[q + 1 :]
        yield ast.copy_location(ast.Dict(keys, values), found)


def parameters_exchanged(spot: Spot) -> Iterator[ast.AST]:
    """Two neighbours of `w, b = parameters["w"], parameters["b"]` under each other's names."""
    line = spot.node
    if not (isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple)):
        return
    values = line.value.elts
    if all(ast.unparse(v).startswith("parameters[") for v in values):
        for q in range(len(values) - 1):
            swapped = ast.Tuple([*values[:q], values[q + 1], values[q], *values[q + 2 :]], ast.Load())
            yield ast.copy_location(ast.Assign(line.targets, ast.copy_location(swapped, line.value)), line)


def gradient_names(spot: Spot) -> dict[str, str]:
    """The parameter of every gradient that the function returns by a name."""
    found: dict[str, str] = {}
    returned = [n.value for n in ast.walk(spot.function) if isinstance(n, ast.Return)]
    for node in (n for value in returned if value for n in ast.walk(value) if isinstance(n, ast.Dict)):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(value, ast.Name) and isinstance(key, ast.Constant):
                found[value.id] = str(key.value)
    return found


def parameter_of(spot: Spot) -> str:
    """`parameters["w"][l]` where the node stores `dw[l]`, or nothing."""
    line = spot.node
    target = line.targets[0] if isinstance(line, ast.Assign) and not makes_room(line.value) else None
    array = target.value if isinstance(target, ast.Subscript) else target
    name = gradient_names(spot).get(array.id) if isinstance(array, ast.Name) else None
    if name is None:
        return ""
    whole = parsed(f"parameters[{name!r}]")
    return ast.unparse(ast.Subscript(whole, target.slice, ast.Load()) if isinstance(target, ast.Subscript) else whole)


def decayed(sign: str) -> Operator:
    """The operator that adds the parameter to its gradient, or takes it away."""

    def change(spot: Spot) -> Iterator[ast.AST]:
        line, parameter = spot.node, parameter_of(spot)
        if parameter and isinstance(line, ast.Assign):
            value = filled(parsed(f"v {sign} {parameter}"), {"v": line.value}, line.value)
            yield ast.copy_location(ast.Assign(line.targets, value), line)

    word = "added" if sign == "+" else "taken away"
    return Operator(f"decay {word}", f"dw = v  ->  dw = v {sign} w", change)


def moved_early(spot: Spot) -> Iterator[ast.AST]:
    """The parameter is moved as soon as its gradient is known."""
    line, parameter = spot.node, parameter_of(spot)
    if parameter and isinstance(line, ast.Assign):
        step = ast.parse(f"{parameter}[...] -= {ast.unparse(line.targets[0])}").body[0]
        yield ast.copy_location(ast.If(ast.Constant(True), [line, step], []), line)


RESULTS = (
    Operator("gradients exchanged", "{'w': dw, 'b': db}  ->  {'w': db, 'b': dw}", gradients_exchanged),
    Operator("gradient missing", "{'w': dw, 'b': db}  ->  {'w': dw}", gradient_missing),
    Operator("parameters exchanged", "w, b = W, B  ->  w, b = B, W", parameters_exchanged),
    decayed("+"),
    decayed("-"),
    Operator("parameter moved early", "dw = v  ->  dw = v; w -= dw", moved_early),
)

STATEMENTS = (*VALUES, *ORDER, *RESULTS)

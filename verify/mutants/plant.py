"""Every fault that the operators can plant in a generated module, one at a time."""

from __future__ import annotations

import ast
import copy
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from flint import ctx

from verify.literals import exact_tree
from verify.mutants.formula import Known, Unproved
from verify.mutants.operator import Kernels, Operator, Spot
from verify.run import Code
from verify.shadow import Shadow

KERNEL = "_cost_and_gradient"


@dataclass(frozen=True)
class Mutant:
    """One fault: `changed` in place of a node of a function."""

    operator: str
    spot: Spot
    changed: ast.AST

    def tree(self) -> ast.Module:
        """The wrong function, a copy of its own."""
        changed = copy.deepcopy(self.changed)
        return ast.Module([copy.deepcopy(self.spot.function, {id(self.spot.node): changed})], [])

    @property
    def line(self) -> int:
        """The line of the module."""
        places = (self.spot.node, *reversed(self.spot.around))
        return next(node.lineno for node in places if isinstance(node, (ast.expr, ast.stmt, ast.keyword)))

    def __str__(self) -> str:
        return f"line {self.line}: {short(self.spot.node)}  ->  {short(self.changed)}  ({self.operator})"


def kernels_of(code: Code) -> Kernels:
    """The functions of a module that its gradient needs, and what the module is given."""
    text = "".join(linecache.getlines(str(code.module.__file__)))
    functions = {f.name: f for f in ast.parse(text).body if isinstance(f, ast.FunctionDef)}
    found, left = set[str](), [KERNEL]
    while left:
        name = left.pop()
        if name in functions and name not in found:
            found.add(name)
            left += [n.id for n in ast.walk(functions[name]) if isinstance(n, ast.Name)]

    def role(role: str) -> tuple[str, ...]:
        return tuple(code.names[t.name] for t in code.system.role(role))

    chosen = tuple(f for name, f in functions.items() if name in found)
    return Kernels(chosen, role("parameter"), role("data"), role("hyper"))


def mutants(kernels: Kernels, operators: tuple[Operator, ...]) -> list[Mutant]:
    """Every mutant once, operator by operator, in the order of the text."""
    seen: set[tuple[str, int, str]] = set()
    found: list[Mutant] = []
    spots = [spot for function in kernels.functions for spot in spots_of(function, kernels)]
    before = [ast.dump(spot.node) for spot in spots]
    for operator in operators:
        for number, spot in enumerate(spots):
            for changed in operator.change(spot):
                key = spot.function.name, number, ast.dump(changed)
                if key not in seen and key[2] != before[number]:
                    seen.add(key)
                    found.append(Mutant(operator.name, spot, changed))
    return found


def short(node: ast.AST) -> str:
    """The text of a node in one line; of a long one its beginning."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 100 else f"{text[:97]}..."


def spots_of(function: ast.FunctionDef, kernels: Kernels) -> Iterator[Spot]:
    """The nodes of a function that compute something: no docstring, error message or argument."""

    def walk(node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Spot]:
        yield Spot(node, around, kernels)
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.Raise, ast.arguments, ast.expr_context, ast.operator, ast.ExceptHandler)):
                yield from walk(child, (*around, node))

    yield Spot(function, (function,), kernels)
    for line in function.body:
        if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)):
            yield from walk(line, (function,))


def sample(found: list[Mutant], most: int) -> list[Mutant]:
    """At most so many, every operator in turn, of each the mutants in an order that depends on them alone."""
    ranked: dict[str, list[Mutant]] = {}
    for mutant in found:
        ranked.setdefault(mutant.operator, []).append(mutant)
    for group in ranked.values():
        group.sort(key=lambda m: sha256(ast.dump(m.changed).encode()).hexdigest())
    order = sorted((rank, q) for q, group in enumerate(ranked.values()) for rank in range(len(group)))
    groups = tuple(ranked.values())
    chosen = {id(groups[q][rank]) for rank, q in order[:most]}
    return [mutant for mutant in found if id(mutant) in chosen]


def wrong_on_balls(code: Code, mutant: Mutant) -> Code:
    """The code whose exact module has the wrong function."""
    return replace(code, exact=rebuilt(code.exact, exact_tree(mutant.tree()), ON_BALLS))


def wrong_on_floats(code: Code, mutant: Mutant) -> Code:
    """The code whose module has the wrong function."""
    return replace(code, module=rebuilt(code.module, mutant.tree(), ON_FLOATS))


def to_type(dtype: Any) -> Callable[[Any], Any]:
    """Floats in a shorter type."""
    return lambda values: np.asarray(values).astype(dtype)


def to_bits(bits: int) -> Callable[[Any], Any]:
    """Balls whose middles have so many bits, as a cast of floats does."""

    def rounded(value: Any) -> Any:
        if isinstance(value, Known):
            raise Unproved("a cast")
        if not isinstance(value, Shadow):
            return value
        with ctx.workprec(bits):
            return Shadow(+value.settled().mid(), value.unit)

    return lambda values: np.frompyfunc(rounded, 1, 1)(np.asarray(values, dtype=object))


ON_FLOATS = {"_float32": to_type(np.float32), "_float16": to_type(np.float16)}
ON_BALLS = {"_float32": to_bits(24), "_float16": to_bits(11)}


def rebuilt(module: ModuleType, tree: ast.Module, rounded: dict[str, Any]) -> ModuleType:
    """A module of its own with the same functions, but for those of the tree."""
    made = ModuleType(module.__name__)
    made.__dict__.update(module.__dict__)
    for name, value in module.__dict__.items():
        if isinstance(value, FunctionType) and value.__globals__ is module.__dict__:
            own = FunctionType(value.__code__, made.__dict__, name, value.__defaults__, value.__closure__)
            own.__kwdefaults__ = value.__kwdefaults__
            made.__dict__[name] = own
    made.__dict__.update(rounded)
    exec(compile(ast.fix_missing_locations(tree), str(module.__file__), "exec"), made.__dict__)
    return made

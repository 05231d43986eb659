"""Functions of matrices: each is a statement of its own, so that what is equal is computed once."""

from __future__ import annotations

from codegen.rewriting.named import Named
from derive.order.dependence import Statement
from derive.values.affine import Affine, Index, Node, indices
from derive.values.binders import Bound, MatrixFunction, fresh, inside, rebind
from derive.values.nodes import Access, Expr

NAMES = {"inverse": "inverse", "solve": "solution", "det": "det", "logdet": "logdet"}


def named_functions(names: Named, statements: list[Statement]) -> list[Statement]:
    """The statements with every function of a matrix that stands inside an expression as a variable before them."""
    for statement in statements:
        _remember(names, statement)
    found: list[Statement] = []
    for statement in statements:
        value, target = statement.value, statement.target
        if isinstance(value, MatrixFunction) and _whole(statement) and not _is_copy(names, statement):
            value = _with_arrays(names, value, target.tensor, statement.bounds, found)
        else:
            value = _named(names, value, target.tensor, statement.bounds, found)
        found.append(Statement(statement.id, target, statement.bounds, value, statement.source))
    return found


def _whole(statement: Statement) -> bool:
    """Does the statement define all entries that a function of a matrix has for its letters?"""
    value, own = statement.value, {b.index for b in statement.bounds}
    if not isinstance(value, MatrixFunction):
        return False
    plain = all(p.letter in own for p in value.at) and len(set(value.at)) == len(value.at)
    return plain and set(value.letters) == own


def _remember(names: Named, statement: Statement) -> None:
    """What such a statement defines is read where the same function stands again, unless it holds on a region only."""
    if _whole(statement) and "@" not in statement.id:
        names.remember(statement)


def _is_copy(names: Named, statement: Statement) -> bool:
    """Was the same function computed by an earlier statement?"""
    known = names.recalled(statement.value, statement.bounds)
    return known is not None and known.tensor != statement.target.tensor


def _named(names: Named, expr: Expr, target: str, bounds: tuple[Bound, ...], made: list[Statement]) -> Expr:
    """The expression with the entry of a variable for every function of a matrix in it."""
    if isinstance(expr, MatrixFunction):
        return _variable(names, expr, target, bounds, made)
    inner = inside(expr, bounds)
    children = tuple(_named(names, c, target, inner, made) for c in expr.children)
    return expr.rebuild(children) if children and children != expr.children else expr


def _ordered(expr: MatrixFunction) -> tuple[Index, ...]:
    """The letters of a function: those over which matrices are stacked, its places, those of several right sides."""
    matrix = expr.bind(expr.bounds, expr.bodies[:1]).moved(())
    return tuple(dict.fromkeys((*matrix.letters, *expr.letters)))


def _variable(
    names: Named, expr: MatrixFunction, target: str, bounds: tuple[Bound, ...], made: list[Statement]
) -> Access:
    """The entry, at the places of the function, of a variable that holds all its entries."""
    taken = {*expr.letters, *(b.index for b in (*bounds, *expr.bounds))}
    results = expr.bounds[-len(expr.at) :] if expr.at else ()
    copies: dict[Index, Index] = {}
    for bound in results:
        copies[bound.index] = fresh(bound.index, taken)
        taken.add(copies[bound.index])
    places = rebind(results, copies)
    general = expr.moved(tuple(Affine.of(b.index) for b in places))
    own = _around(_ordered(general), (*bounds, *places))
    entry = names.recalled(general, own)
    if entry is None:
        simple = _with_arrays(names, general, target, bounds, made)
        matrix = simple.bodies[0]
        assert isinstance(matrix, Access), type(matrix).__name__
        entry = names.named(f"{names.spoken(matrix.tensor)}_{NAMES[expr.op]}", simple, own, made)
        names.remember(Statement(entry.tensor, entry, own, general))
    values: dict[Node, Affine] = {b.index: p for b, p in zip(places, expr.at, strict=True)}
    read = entry.replaced(values)
    assert isinstance(read, Access)
    return read


def _around(letters: tuple[Index, ...], bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """The ranges of some letters, after those of the letters on which a range depends."""
    ranges = {b.index: b for b in bounds}
    found: dict[Index, Bound] = {}
    for bound in (ranges[x] for x in letters):
        moving = tuple(x for end in (bound.lo, bound.hi) for x in indices(end))
        found.update((b.index, b) for b in (*_around(moving, bounds), bound))
    return tuple(found.values())


def _with_arrays(
    names: Named, expr: MatrixFunction, target: str, bounds: tuple[Bound, ...], made: list[Statement]
) -> MatrixFunction:
    """The function with variables for a matrix and a right side that are not arrays."""
    bodies: list[Expr] = []
    for body, own, name in zip(expr.bodies, (expr.bounds, expr.bounds[:1]), ("matrix", "right"), strict=False):
        inner = (*bounds, *own)
        if not _is_array(body):
            body = _named(names, body, target, inner, made)
            letters = {b.index for b in own}
            outer = _around(tuple(x for x in body.letters if x not in letters), bounds)
            body = names.named(f"{names.spoken(target)}_{name}", body, (*outer, *own), made)
        bodies.append(body)
    return expr.bind(expr.bounds, tuple(bodies))


def _is_array(body: Expr) -> bool:
    """Is it an entry each of whose letters stands alone in one position?"""
    if not isinstance(body, Access):
        return False
    plain = [p.letter for p in body.at if indices(p)]
    return None not in plain and len(set(plain)) == len(plain)

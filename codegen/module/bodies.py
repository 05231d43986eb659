"""Bodies of kernels and of scalar functions."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import TYPE_CHECKING

from codegen.lowering.elements import lower_expr
from codegen.lowering.functional import opaque_name
from codegen.lowering.scope import Scope
from codegen.module.allocation import allocations
from codegen.module.spelling import Speller
from codegen.program.array import Map, Opaque
from codegen.program.program import Helper, Section
from codegen.program.walks import assigns, values
from codegen.stable.forms import stable
from derive.errors import Refused, Source
from derive.values.facts import Facts

if TYPE_CHECKING:
    from codegen.module.given import Given

COLUMN = 76


@dataclass(frozen=True)
class Body:
    """One section as the body of a function."""

    module: Given
    section: Section

    @property
    def arguments(self) -> tuple[str, ...]:
        """Stores that the text names, those behind sizes included."""
        speller, _ = self._spelled()
        return tuple(speller.used)

    @property
    def callables(self) -> tuple[str, ...]:
        """Callables that the text names."""
        found: list[str] = []
        for line, _ in assigns(self.section.lines):
            for value in values(line.value):
                name = (
                    opaque_name(value.name, value.by)
                    if isinstance(value, Opaque)
                    else (value.op if isinstance(value, Map) else "")
                )
                if name in self.module.program.callables:
                    found.append(self.module.names[f"f.{name}"])
        return tuple(found)

    def _spelled(self) -> tuple[Speller, list[str]]:
        speller = self.module.speller()
        code = self._allocations(speller) + commented(speller.lines(self.section.lines))
        sizes = [name[1:] for name in speller.used if name.startswith("#")]
        head = [(self.module.names[s], self._size(s, speller)) for s in self._shown if s in sizes]
        return speller, ([binding(head)] if head else []) + code

    @property
    def _shown(self) -> list[str]:
        """The sizes that are no arguments of their own."""
        return [name for name in self.module.system.sizes if name not in self.module.program.unshown]

    def _size(self, name: str, speller: Speller) -> str:
        """Where a size is read off. Refused, at the first equation that needs it, if no array shows it."""
        try:
            return speller.size(name)
        except Refused as error:
            raise error.at(self._first_use(name)) from None

    def _first_use(self, name: str) -> Source:
        """The first equation whose code names a size."""
        program = self.module.program
        for line in self.section.lines:
            speller = self.module.speller()
            speller.lines((line,))
            source = program.sources.get(next(assigns((line,)))[0].id)
            if source and f"#{name}" in speller.used:
                return source
        return self.module.system.objective.source

    def text(self) -> str:
        """Parameters and sizes, what comes from the sections before, the lines, what is returned."""
        if not self.section.lines:
            return self._return()
        speller, code = self._spelled()
        stores = [s for s in self.module.program.stores if s.role == "parameter" and s.name in speller.used]
        head = [binding([(s.name, f'parameters["{s.name}"]') for s in stores])] if stores else []
        if self.section.name == "predict":
            lines = [*head, *(c for c in code if "prediction = " not in c)]
            value = next(a for a, _ in assigns(self.section.lines)).value
            return "\n".join([*lines, f"    return {speller.text(value)}"])
        return "\n".join([*self._before(), *head, *code, self._return()])

    def _before(self) -> list[str]:
        module = self.module
        if self.section.name == "cost" and module.kept:
            call = module.call("parameters", module.reads("forward"))
            return [f"    {', '.join(module.kept)} = _forward({call})"]
        if self.section.name == "gradient":
            call = module.call("parameters", module.costing)
            return [f"    {', '.join(('J', *module.needed))}{'' if module.needed else ','} = _cost({call})"]
        return []

    def _return(self) -> str:
        module = self.module
        if self.section.name == "forward":
            return f"    return {', '.join(module.kept) or 'None'}"
        if self.section.name == "cost":
            return f"    return {', '.join(('J', *module.needed))}{'' if module.needed else ','}"
        if self.section.name == "predict":
            return f"    return {', '.join(module.kept) or 'None'}"
        names = [(s.name, module.names[f"d.{s.tensor}"]) for s in module.program.stores if s.role == "parameter"]
        return "    return J, {" + ", ".join(f'"{n}": {g}' for n, g in names) + "}"

    def _allocations(self, speller: Speller) -> list[str]:
        written = {a.target.store for a, _ in assigns(self.section.lines)}
        stores = [s for s in self.module.program.stores if s.name in written and not s.local]
        keyed = [(s.name, "{}") for s in stores if s.keys and not s.allocated]
        lines = [binding(keyed)] if keyed else []
        return lines + [f"    {line}" for s in stores if s.allocated for line in allocations(s, speller)]


def binding(pairs: list[tuple[str, str]]) -> str:
    """`w, b = ..., ...`"""
    return f"    {', '.join(n for n, _ in pairs)} = {', '.join(v for _, v in pairs)}"


def commented(lines: list[tuple[str, str]]) -> list[str]:
    """Code with its comments in one column; a very long line has its comment above it."""
    column = min(COLUMN, max((len(code) for code, comment in lines if comment), default=0)) + 2
    found: list[str] = []
    for code, comment in lines:
        if comment and len(code) + len(comment) > 116:
            found += [f"{code[: len(code) - len(code.lstrip())]}# {comment}", code]
        else:
            found.append(
                f"{code:{column}}# {comment}"
                if comment and len(code) < column - 1
                else f"{code}  # {comment}"
                if comment
                else code
            )
    return found


def helper_text(helper: Helper, speller: Speller) -> str:
    """A scalar function in its stable form."""
    try:
        form = stable(helper.formula, helper.arguments[0])
    except ValueError as error:
        raise Refused(f"{helper.name} cannot be computed: {error}") from None
    scope, own = Scope(Facts(), {}, {}, {}), speller.names[f"f.{helper.name}"]
    speller = with_changes(speller, names={})
    lets = [f"    {name} = {speller.text(lower_expr(value, scope))}" for name, value in form.lets]
    head = f"def {own}({', '.join(a.name for a in helper.arguments)}):"
    identity = f'    """{helper.origin}{form.identity}."""'
    value = speller.text(lower_expr(form.value, scope))
    shape = "".join(f" + np.zeros_like({a.name})" for a in helper.arguments if not helper.formula.has(a))
    return "\n".join([head, identity, *lets, f"    return {value}{shape}"])


HELPERS = {
    "_scattered": '''def _scattered(places, values, count):
    """Sums of the values at every one of `count` places."""
    total = np.zeros((count, *values.shape[np.ndim(places):]), values.dtype)
    np.add.at(total, places, values)
    return total''',
    "_others": '''def _others(values, axis):
    """The product of all other values along an axis, for each of them; any of them may be 0."""
    values = np.moveaxis(values, axis, -1)
    one = np.ones_like(values[..., :1])
    before = np.cumprod(np.concatenate((one, values[..., :-1]), axis=-1), axis=-1)
    after = np.cumprod(np.concatenate((one, values[..., :0:-1]), axis=-1), axis=-1)[..., ::-1]
    return np.moveaxis(before * after, -1, axis)''',
    "_inverse": '''def _inverse(matrix, name):
    """The inverse of a matrix, or of every one of a stack."""
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(f"{name} is singular") from None''',
    "_solution": '''def _solution(matrix, right, name):
    """u with matrix @ u = right, or a stack of such."""
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(f"{name} is singular") from None''',
    "_logdet": '''def _logdet(matrix, name):
    """log|det| of a matrix, or of every one of a stack."""
    sign, value = np.linalg.slogdet(matrix)
    if not np.all(sign):
        raise np.linalg.LinAlgError(f"{name} is singular")
    return value''',
}

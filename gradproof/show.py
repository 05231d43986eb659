"""What the command line prints of derivations and of drift."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from codegen.files.drift import Finding, State
from derive.calculus.rules import RULES
from derive.derivation import Adjoint, Derivation
from derive.system import Equation, System
from derive.values.binders import Bound
from derive.values.nodes import Access, Expr
from derive.values.text import render_expr, render_range
from derive.values.walks import transform

STYLES = {State.MISSING: "yellow", State.STALE: "yellow", State.EDITED: "red", State.ORPHAN: "magenta"}
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


# derivations


def derivation(made: Derivation, adjoints: Iterable[Adjoint]) -> RenderableType:
    """Derived equations with their steps, and the identities of the rules that were used."""
    chosen = tuple(adjoints)
    rules = {step.rule: None for a in chosen for step in a.steps}
    parts: list[RenderableType] = []
    for adjoint in chosen:
        parts += [_head(made.system, adjoint), Padding(_steps(made.system, adjoint), (0, 0, 1, 2), expand=False)]
    return Group(*parts, Text("where", style="bold"), Padding(_legend(rules), (0, 0, 0, 2), expand=False))


def with_lemmas(made: Derivation, adjoint: Adjoint) -> tuple[Adjoint, ...]:
    """A derived equation, after the lemmas whose right sides were put into it."""
    given = [value for step in adjoint.steps for key, value in step.arguments if key == "names"]
    named = {name for value in given if isinstance(value, tuple) for name in value}
    lemmas = [a for a in made.adjoints if a.inlined and a.target.tensor in named and a is not adjoint]
    region = adjoint.id.partition("@")[2]
    near = [a for a in lemmas if a.id.partition("@")[2] == region] or lemmas
    before = {a.id: a for lemma in near for a in with_lemmas(made, lemma)}
    return (*before.values(), adjoint)


def _head(system: System, adjoint: Adjoint) -> Text:
    target = named(system, adjoint.target)
    head = Text(adjoint.name or adjoint.id, style="bold cyan")
    head.append(f"   {render_expr(target)} = ∂J/∂{render_expr(_of(adjoint))}", style="bold")
    head.append(f"   {ranges(adjoint.bounds)}", style="dim")
    if adjoint.name:
        head.append(f"   ({adjoint.id})", style="dim")
    if adjoint.inlined:
        head.append("   lemma", style="dim italic")
    return head


def _steps(system: System, adjoint: Adjoint) -> Table:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="green", no_wrap=True)
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    if adjoint.steps:
        rows.add_row("chain rule", "=", Text(render_expr(named(system, adjoint.steps[0].before))))
    for step in adjoint.steps:
        last = step is adjoint.steps[-1]
        rows.add_row(words(step.rule), "=", Text(render_expr(named(system, step.after)), style="bold" if last else ""))
    return rows


def _legend(rules: Iterable[str]) -> Table:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="green", no_wrap=True)
    rows.add_column(style="dim")
    rows.add_row("chain rule", "∂J/∂u = Sum over the equations that read u of ∂J/∂v ∂v/∂u")
    for rule in rules:
        identity = (RULES[rule].__doc__ or "").strip().split("\n\n")[0]
        rows.add_row(words(rule), Text(" ".join(identity.split())))
    return rows


def named(system: System, expr: Expr) -> Expr:
    """The expression with adjoints called as in the code: `delta` for d.z, `dw` for d.w."""

    def rename(node: Expr) -> Expr:
        if isinstance(node, Access) and node.tensor.startswith("d."):
            return Access(system.adjoint_name(node.tensor[2:]), node.at)
        return node

    return transform(expr, rename)


def _of(adjoint: Adjoint) -> Access:
    return Access(adjoint.of, adjoint.target.at)


def ranges(bounds: Iterable[Bound]) -> str:
    """`l = 2..L, i = 1..m`."""
    return ", ".join(f"{b.index.name} = {render_range(b.lo, b.hi)}" for b in bounds)


def words(rule: str) -> str:
    """A rule's name for reading."""
    return rule.replace("_", " ")


def equations(system: System) -> Table:
    """The equations of a model as given."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="cyan", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_column(style="dim")
    for equation in (*system.equations, system.objective):
        rows.add_row(equation.id, Text(_text(equation)), Text(ranges(equation.bounds)))
    return rows


def _text(equation: Equation) -> str:
    return f"{render_expr(equation.target)} = {render_expr(equation.value)}"


# drift


def findings(found: Iterable[Finding], *, diff: bool) -> Text:
    """One block a file: its state, why, and on request the difference."""
    text = Text()
    for finding in found:
        text.append(f"{finding.state:8}", style=f"bold {STYLES[finding.state]}").append(f" {finding.path}\n")
        for line in finding.details:
            text.append(f"         {line}\n")
        for line in finding.diff().splitlines() if diff and finding.path.suffix != ".json" else ():
            text.append(f"{line}\n", style=DIFF_STYLES.get(line[:1], ""))
    text.rstrip()
    return text

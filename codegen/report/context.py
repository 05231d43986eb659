"""What every section of a report may consult: the derivation, the printers, and the matrix forms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codegen.latex.matrix import MatrixPrinter
from codegen.latex.names import code, escape
from codegen.latex.printer import Printer
from derive.derivation import Adjoint, Derivation
from derive.matrix.forms import MatrixForm, NoForm, matrix_form
from derive.samples import (
    for_one_sample,
    letters_without_samples,
    sample_cost,
    sample_size,
    sums_samples,
    without_samples,
)
from derive.system import System, Tensor
from derive.values.affine import Affine, Index, Size
from derive.values.binders import Bound
from derive.values.nodes import Access, Add, Expr, Mul

ROOM = 29.0


@dataclass(frozen=True)
class Forms:
    """An equation in every form it has: LaTeX of the index form, of all samples at once, of one sample, and why not."""

    index: str
    batch: str
    column: str
    reason: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The input of a report."""

    derivation: Derivation
    module_text: str
    source: str
    digest: str
    certificate: Any

    @property
    def system(self) -> System:
        return self.derivation.system

    @cached_property
    def grades(self) -> dict[tuple[str, int], str]:
        """The grade of each step, by equation and number, if a certificate is at hand."""
        return {} if self.certificate is None else {(s.equation, s.number): s.grade for s in self.certificate.steps}

    @cached_property
    def printer(self) -> Printer:
        return Printer(self.system)

    @cached_property
    def samples(self) -> Size | None:
        """The number of samples, if the model has several."""
        return sample_size(self.system)

    @cached_property
    def one(self) -> System | None:
        """The tensors of one sample."""
        return None if self.samples is None else without_samples(self.system, self.samples)

    @cached_property
    def alone(self) -> bool:
        """Can one sample be looked at alone: does no sample meet another?"""
        return sample_cost(self.system) is not None

    @property
    def column_name(self) -> str:
        """What the column form is a form of."""
        return "matrix form" if self.one is None else "one sample" if self.alone else "each sample"

    def forms(self, target: Access, bounds: tuple[Bound, ...], value: Expr) -> Forms:
        """The forms of `target = value`."""
        index = self.printer.equation(target, value, ROOM)
        form = matrix_form(self.system, target, bounds, value)
        own = self.show(form, self.system)
        single: MatrixForm | NoForm = NoForm("the samples are coupled")
        if self.one is not None and self.samples is not None and (self.alone or not sums_samples(value, self.samples)):
            single = matrix_form(self.one, *self.single(target, bounds, value))
        rules = tuple(dict.fromkeys(rule for f in (form, single) if isinstance(f, MatrixForm) for rule in f.rules))
        reason = form.reason if isinstance(form, NoForm) else ""
        if self.one is None:
            return Forms(index, "", own, reason, rules)
        return Forms(index, own, self.show(single, self.one), reason, rules)

    def single(self, target: Access, bounds: tuple[Bound, ...], value: Expr) -> tuple[Access, tuple[Bound, ...], Expr]:
        """An equation for one sample."""
        assert self.samples is not None
        left = for_one_sample(target, self.system, self.samples, alone=self.alone)
        assert isinstance(left, Access)
        return (
            left,
            letters_without_samples(bounds, self.samples),
            for_one_sample(value, self.system, self.samples, alone=self.alone),
        )

    def show(self, form: MatrixForm | NoForm, system: System) -> str:
        """The LaTeX of a matrix form, nothing if there is none."""
        return MatrixPrinter(Printer(system)).form(form, ROOM) if isinstance(form, MatrixForm) else ""

    def word_for(self, name: str) -> str:
        """What the derivative by a tensor is called."""
        return "Gradient" if self.system.tensor(name).role == "parameter" else "Derivative"

    def stacked(self, bounds: tuple[Bound, ...], target: Access) -> tuple[Bound, ...]:
        """The bounds of the letters that stand above: layers and steps."""
        above = self.printer.raised.get(target.tensor.removeprefix("d."), frozenset())
        letters = {a for q, p in enumerate(target.at) if q in above for a in (p.alone,) if isinstance(a, Index)}
        return tuple(b for b in bounds if b.index in letters)

    def where(self, bounds: tuple[Bound, ...]) -> str:
        """` for $l=2,\\dots,L$`, or nothing."""
        return rf" for ${self.printer.ranges(bounds)}$" if bounds else ""

    def label(self, adjoint: Adjoint) -> str:
        """The textbook name of a derived equation, or its systematic one."""
        return escape(adjoint.name) if adjoint.name else code(adjoint.id)


def paragraph(text: str) -> str:
    """Text that stands alone."""
    return text + "\n\n"


def count(number: int, one: str, many: str = "") -> str:
    """`1 equation`, `3 equations`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def terms_of(expr: Expr) -> tuple[Expr, ...]:
    """The terms of a sum, or the one term."""
    return expr.terms if isinstance(expr, Add) else (expr,)


def factors_of(expr: Expr) -> tuple[Expr, ...]:
    """The factors of a product, or the one factor."""
    return expr.factors if isinstance(expr, Mul) else (expr,)


def general(tensor: Tensor, prefix: str = "") -> Access:
    """The general entry of a tensor."""
    return Access(prefix + tensor.name, tuple(Affine.of(s.index) for s in tensor.slots))

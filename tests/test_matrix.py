"""Matrix forms: equal to the index forms as numbers, also for square layers; patterns become the right phrases."""

from __future__ import annotations

import numpy as np
import pytest
from entries import RAGGED, SQUARE, World, equations, world
from models import SHIPPED, VARIANTS, derivation

from derive.matrix.axes import apart, axes_of
from derive.matrix.forms import MatrixForm, NoForm, matrix_form
from derive.matrix.nodes import MATRIX_RULES, Diagonal, Entries, Hadamard, Matrix, Norm, Ones, Product, Transpose
from derive.samples import for_one_sample, letters_without_samples, sample_cost, sample_size, without_samples
from derive.system import System
from derive.values.affine import Affine, Index
from derive.values.binders import Bound, Sum
from derive.values.nodes import Access, Expr, Mul, Number, Pow, mul

NAMES = (*SHIPPED, *VARIANTS)
i, j, k, l = (Index(x) for x in "ijkl")


def at(tensor: str, *letters: Index) -> Access:
    return Access(tensor, tuple(map(Affine.of, letters)))


def agrees(system: System, target: Access, bounds: tuple[Bound, ...], value: Expr, numbers: World) -> bool:
    """Does the matrix form have the entries of the index form, at every place of the letters above?"""
    form = matrix_form(system, target, bounds, value)
    if isinstance(form, NoForm):
        return False
    renamed = apart(value, {b.index: b for b in bounds})
    axes = axes_of(system, target, bounds, renamed)
    assert isinstance(form.left, Entries)
    own = tuple(axes[letter] for letter in form.left.axes)
    for places in numbers.run(tuple(b for b in bounds if b.index not in axes), {}):
        cells = [numbers.value(value, inner) for inner in numbers.run(own, places)]
        got = numbers.matrix(form.right, axes, places)
        assert got.size == len(cells)
        np.testing.assert_allclose(got.reshape(-1), cells, rtol=1e-12)
    return True


@pytest.mark.parametrize("widths", [SQUARE, RAGGED], ids=["square", "ragged"])
@pytest.mark.parametrize("name", NAMES)
def test_matrix_form_has_the_entries_of_the_index_form(name: str, widths: tuple[int, ...]) -> None:
    derived = derivation(name)
    for ident, target, bounds, value in equations(derived):
        assert agrees(derived.system, target, bounds, value, world(derived.system, widths)), ident


@pytest.mark.parametrize("name", [n for n in NAMES if sample_cost(derivation(n).system)])
def test_column_form_is_the_index_form_of_one_sample(name: str) -> None:
    system = derivation(name).system
    size = sample_size(system)
    assert size is not None
    one = without_samples(system, size)
    alone = world(system, RAGGED, samples=1)
    for ident, target, bounds, value in equations(derivation(name)):
        left = for_one_sample(target, system, size)
        assert isinstance(left, Access)
        single = letters_without_samples(bounds, size)
        assert agrees(one, left, single, for_one_sample(value, system, size), alone), ident
        for places in alone.run(bounds, {}):  # the same numbers, where an entry does not look at its sample
            blind = Blind(alone.sizes, alone.widths, system=system, one=one)
            assert blind.value(value, places) == pytest.approx(blind.value(for_one_sample(value, system, size), places))


class Blind(World):
    """A world in which an entry does not depend on the sample."""

    def __init__(self, sizes: object, widths: object, *, system: System, one: System) -> None:
        super().__init__(sizes, widths)
        object.__setattr__(self, "both", (system, one))

    def entry(self, name: str, at: tuple[int, ...]) -> float:
        system, one = self.both
        base = name.removeprefix("d.")
        if base in system.by_name and len(at) == len(system.by_name[base].slots):
            kept = [q for q, s in enumerate(system.by_name[base].slots) if s in one.by_name[base].slots]
            at = tuple(at[q] for q in kept)
        return super().entry(name, at)


def form_of(name: str, ident: str) -> MatrixForm:
    derived = derivation(name)
    target, bounds, value = next(rest for found, *rest in equations(derived) if found == ident)
    form = matrix_form(derived.system, target, bounds, value)
    assert isinstance(form, MatrixForm)
    return form


def test_back_propagation_is_a_matrix_product_then_a_hadamard_product() -> None:
    right = form_of("theorems", "d.z@l=2..L - 1").right
    assert isinstance(right, Hadamard)
    first = right.parts[0]
    assert isinstance(first, Product)
    assert isinstance(first.left, Transpose)


def test_weight_gradient_is_an_outer_product_for_one_sample() -> None:
    form = form_of("theorems", "d.w")
    assert isinstance(form.right, Product)
    assert isinstance(form.right.right, Transpose)
    assert form.rules == ("outer_product",)


def test_bias_gradient_is_a_sum_with_ones() -> None:
    right = form_of("mlp", "d.b").right
    assert isinstance(right, Product)
    assert isinstance(right.right, Ones)


def test_decay_is_a_norm() -> None:
    assert any(isinstance(n, Norm) for n in nodes(form_of("mlp", "J").right))


def test_softmax_divides_rows() -> None:
    assert any(isinstance(n, Diagonal) for n in nodes(form_of("softmax_classifier", "a@l=L").right))


def nodes(matrix: Matrix) -> list[Matrix]:
    """A form and everything in it."""
    found = [matrix]
    for part in vars(matrix).values():
        for inner in part if isinstance(part, tuple) else (part,):
            found += nodes(inner) if isinstance(inner, Matrix) else []
    return found


def shifted(body: Expr) -> tuple[System, tuple[Bound, ...], Expr]:
    system = derivation("mlp").system
    z = system.equation("z")
    return system, z.bounds, body


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Access("x", (Affine.of(i), Affine.of(j) + 1)), "fixed or shifted"),
        (Access("x", (Affine.of(i), Affine.of(l))), "both layers and entries"),
        (Mul((at("x", i, k), at("y", i, j))), "no range"),
    ],
)
def test_what_has_no_matrix_form_says_why(value: Expr, reason: str) -> None:
    system, bounds, body = shifted(value)
    form = matrix_form(system, system.equation("z").target, bounds, body)
    assert isinstance(form, NoForm)
    assert reason in form.reason


def test_two_sums_with_one_letter_are_kept_apart() -> None:
    system = derivation("mlp").system
    short = Bound(k, Affine.of(1), Affine.of(2))
    long = Bound(k, Affine.of(1), Affine.of(3))
    value = mul(Sum(at("x", i, k), (short,)), Sum(Pow(at("x", i, k), Number(2)), (long,)))
    bounds = (Bound(i, Affine.of(1), Affine.of(2)),)
    assert agrees(system, at("C", i), bounds, value, world(system, RAGGED))


def test_every_rule_states_an_identity() -> None:
    for name, rule in MATRIX_RULES.items():
        assert "=" in (rule.__doc__ or ""), name

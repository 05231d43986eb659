"""The gradient of an instance, by the derived equations and without any derivation."""

from derive import Derivation
from verify.case import unrolled_gradient
from verify.instance import Entry, Instance
from verify.numbers import Field, Number
from verify.symbolic import Symbolic
from verify.unroll import Unrolled


def symbolic_gradient(derivation: Derivation, drawn: Instance, field: Field) -> dict[Entry, Number]:
    """By the derived equations, over one field."""
    with field.context():
        return Symbolic(derivation, Unrolled(drawn, field)).gradient()


def true_gradient(drawn: Instance, field: Field) -> dict[Entry, Number]:
    """By dual numbers on the unrolled equations."""
    with field.context():
        return unrolled_gradient(Unrolled(drawn, field))

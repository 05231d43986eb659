"""Where foreign code is judged: sizes that it supports, points where faults show, kinks, the user's own points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from derive.derivation import Derivation
from derive.errors import ModelError
from derive.system import System, Tensor
from verify.agreement import searched, unseen
from verify.case import DIGITS, Case, make_case, resting_cases, sharp
from verify.foreign.approach import approached
from verify.foreign.large import MANY, large_case, reference
from verify.foreign.layout import LayoutError
from verify.foreign.shown_sizes import sizes_at
from verify.foreign.target import Target
from verify.instance import Entry, Instance, Point, changed, free_data, instance, names_of
from verify.numbers import Undecided
from verify.run import floats, unstored
from verify.sizes import Sizes, depths, draw, plan, satisfied

MOST = 4  # sizes at which foreign code is judged
KINDS = ("random", "square", "random")


def possible(system: System, asked: Mapping[str, int], seed: int) -> tuple[Sizes, ...]:
    """The sizes to try: those that are asked for, with the others as a check of the model draws them."""
    unknown = sorted(set(asked) - set(system.sizes))
    if unknown:
        known = ", ".join(system.sizes)
        raise ModelError(f"{unknown[0]} is no size of {system.name}", fix=f"the sizes are {known}")
    if not asked:
        return tuple(s for s in plan(system, seed) if s.kind != "one")
    found: list[Sizes] = []
    for numbers in dict.fromkeys(tuple((n, s.size(n)) for n in depths(system)) for s in plan(system, seed)):
        for q, kind in enumerate(KINDS):
            made = draw(system, {**dict(numbers), **asked}, kind, seed + q, q)
            if made is not None and all(made.size(n) == value for n, value in asked.items()):
                found.append(made)
    if not found:
        raise ModelError(f"no sizes of {system.name} have {', '.join(f'{n} = {v}' for n, v in asked.items())}")
    return tuple(dict.fromkeys(found))


Among = Mapping[str, Sequence[float]]  # data that take few values: targets -1 and 1, masks of 0 and 1


def drawn_among(drawn: Instance, among: Among) -> Instance:
    """The instance with the entries of some tensors drawn from lists."""
    if not among:
        return drawn
    entries = dict(drawn.entries)
    for name, choices in among.items():
        if name not in {t.name for t in drawn.system.tensors}:
            raise ModelError(f"{name} is nothing that {drawn.system.name} is given")
        exact = [Fraction(choice) for choice in choices]
        for entry in entries:
            if entry[0] == name:
                entries[entry] = Random(f"{drawn.sizes} {entry}").choice(exact)
    return Instance(drawn.system, drawn.sizes, entries, drawn.note)


def supported(target: Target, sizes: tuple[Sizes, ...], seed: int, among: Among) -> tuple[tuple[Sizes, ...], str]:
    """The sizes at which the function can be called and answers in the right shapes, and what happens elsewhere.

    If there are none, the same with square widths: a mistake may be such that it can be called only there.
    LayoutError if there are no arguments at any size: the template cannot be meant.
    """
    good, partly, reason = called_at(target, sizes, seed, among)
    if not good:
        square = [replace(one, kind="square") for one in sizes if one.kind == "random"]
        fitting = tuple(dict.fromkeys(one for one in square if satisfied(target.system, one)))
        good = called_at(target, fitting, seed, among)[0] if fitting else ()
    return (
        good or partly,
        reason,
    )  # a block is missing everywhere, or belongs to a depth that the function does not have


def called_at(
    target: Target, sizes: tuple[Sizes, ...], seed: int, among: Among
) -> tuple[tuple[Sizes, ...], tuple[Sizes, ...], str]:
    """The sizes at which all shapes are right, those at which blocks are missing, and what happens elsewhere."""
    good, partly, reason, unmeant = list[Sizes](), list[Sizes](), "", list[LayoutError]()
    for one in sizes:
        drawn = drawn_among(instance(target.system, one, seed, DIGITS), among)
        try:
            with np.errstate(all="ignore"):
                values = target.values(drawn, floats("float64"))
                arguments = target.layout.arguments(values)
        except LayoutError as error:
            unmeant.append(error)
            continue
        try:
            with np.errstate(all="ignore"):
                result = target.on_floats(values, arguments)
        except Exception as error:
            reason = reason or f"at {one} it raises {type(error).__name__}: {error}"
            continue
        if any(what != "missing" for what in result.misshapen.values()):
            label, what = next(iter(result.misshapen.items()))
            reason = reason or f"at {one}: d.{label}: {what}"
            continue
        (partly if result.misshapen else good).append(one)
    if len(unmeant) == len(sizes):
        raise unmeant[0]
    return tuple(good), tuple(partly), reason


def cases_of(derivation: Derivation, sizes: tuple[Sizes, ...], seed: int, among: Among) -> tuple[Case, ...]:
    """Reference values at some of the sizes, where kinks lie, and where equations that were 0 so far are not."""
    cases: list[Case] = []
    if among:
        points = [drawn_among(instance(derivation.system, s, seed + q, DIGITS), among) for q, s in enumerate(2 * sizes)]
        points += [drawn_among(move(points[0]), among) for move in (wide, full)]
        return tuple(sharp(derivation, one, seed) for one in (*points, *approached(points[0])))
    for one in spread(sizes):
        with suppress(Undecided):
            cases.append(make_case(derivation, one, seed))
    if not cases:
        raise Undecided(f"{derivation.system.name} cannot be evaluated at any size that the function supports")
    resting = resting_cases(derivation, cases[0])
    more = [(wide(cases[-1].instance), seed), (full(cases[0].instance), seed)]
    more += [(nudged(case.instance, q), seed) for q, case in enumerate((*resting, *resting))]
    more += [(drawn, seed) for drawn in approached(cases[-1].instance)]
    cases += resting
    for drawn, own in more:
        with suppress(Undecided, ZeroDivisionError):
            cases.append(sharp(derivation, drawn, own))
    if unseen(derivation, tuple(cases)):
        cases += [c for c in searched(derivation, tuple(cases), seed) if c.instance.sizes in sizes]
    return tuple(cases)


def moved(drawn: Instance, move: Callable[[Random, Fraction], Fraction], key: str) -> Instance:
    """The instance with entries changed one by one: parameters, and data that no declared sum and no integer holds."""
    system = drawn.system
    names = names_of(system, "parameter") | free_data(system)
    entries = changed(drawn, names, lambda entry, value: move(Random(f"{key} {entry}"), value))
    return Instance(system, drawn.sizes, entries)


def wide(drawn: Instance) -> Instance:
    """Larger numbers: what is cut off or saturates does so for some of them."""
    return moved(drawn, lambda dice, value: value * dice.randint(2, 6), "wide")


def full(drawn: Instance) -> Instance:
    """Numbers that need all digits of a float: what is rounded to fewer loses them."""
    return moved(drawn, lambda dice, value: value + Fraction(dice.randint(-(2**40), 2**40), 2**52), "full")


def nudged(drawn: Instance, draw: int) -> Instance:
    """A place where kinks lie, left by very little, to all sides."""

    def move(dice: Random, value: Fraction) -> Fraction:
        return value + Fraction(dice.choice((-1, 1)) * dice.randint(1, 99), 2**26)

    return moved(drawn, move, f"{draw}")


def spread(sizes: tuple[Sizes, ...]) -> tuple[Sizes, ...]:
    """Some of many sizes: the first ones, and the last."""
    return sizes if len(sizes) <= MOST else (*sizes[: MOST - 1], sizes[-1])


def seen(cases: tuple[Case, ...]) -> set[str]:
    """The equations that some case sees with a value other than 0."""
    return {equation for case in cases for equation in case.alive}


def own_case(derivation: Derivation, at: Mapping[str, Any], seed: int) -> Case:
    """The reference values at a point of the user's: arrays by the model's names. ModelError if they do not fit."""
    system = derivation.system
    given = [tensor for role in ("parameter", "data", "hyper") for tensor in system.role(role)]
    for tensor in given:
        if tensor.name not in at:
            raise ModelError(f"the point has no {tensor.name}", fix=f"at={{'{tensor.name}': ...}}")
    sizes = sizes_at(system, at)
    if sum(np.size(a) for t in given for a in layers_of(at[t.name])) > MANY:
        return large_case(derivation, Point(system, sizes, {}, arrays=at), reference(derivation, seed), seed)
    entries = {entry: value for tensor in given for entry, value in numbers(tensor, at[tensor.name]).items()}
    drawn = Instance(system, sizes, entries)
    return replace(sharp(derivation, drawn, seed), instance=drawn)


def layers_of(value: Any) -> list[Any]:
    """The arrays of a tensor."""
    return list(value.values()) if isinstance(value, dict) else [value]


def numbers(tensor: Tensor, value: Any) -> dict[Entry, Fraction]:
    """The entries of an array, as exact fractions."""
    shift = tensor.values[0].constant if tensor.values is not None else 0
    found: dict[Entry, Fraction] = {}
    for entry, number in unstored(tensor, value).items():
        if not np.isfinite(float(number)):
            raise ModelError(f"{tensor.name}{list(entry[1])} of the point is {number}")
        found[entry] = Fraction(float(number)) + shift
    return found

"""A model's text at concrete sizes: the numbers of sizes and widths, integer data, and the range of every letter."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from text_model import Declared, Text, Unread, Written, accesses, bound, entry_of, name_of

Letters = Mapping[str, int]

DEEP = 40  # so many slots in a chain say nothing: h[t] from h[t - 1], h[t - 2], ...


class Place(int):
    """The value of a letter, with the range of the letter: a softmax runs over that."""

    ends: tuple[int, int] | None = None

    @staticmethod
    def within(value: int, ends: tuple[int, int] | None) -> Place:
        place = Place(value)
        place.ends = ends
        return place


class Layout:
    """A text at concrete sizes: the numbers of sizes and widths, and the range of every slot."""

    def __init__(self, text: Text, seed: int, most: int = 3) -> None:
        self.text, self.seed, self.most = text, seed, most
        self.busy: set[tuple[str, int, tuple[int | None, ...]]] = set()
        for attempt in range(400):
            self.dice = Random(f"{seed} {attempt}")
            self.wide: dict[tuple[str, int], int] = {}
            least = 2 if attempt < 200 else 1
            self.sizes = {name: self.dice.randint(least, most + attempt // 40) for name in text.sizes}
            if all(self.holds(fact) for fact in text.facts):
                break
        else:
            raise Unread("no sizes")

    def holds(self, fact: ast.expr) -> bool:
        """Is a declared fact true at these sizes?"""
        if isinstance(fact, ast.Call) and name_of(fact.func) == "Eq":
            return self.place(fact.args[0], {}) == self.place(fact.args[1], {})
        if not isinstance(fact, ast.Compare):
            raise Unread(ast.unparse(fact))
        left, right = self.place(fact.left, {}), self.place(fact.comparators[0], {})
        return left >= right if isinstance(fact.ops[0], ast.GtE) else left <= right

    def place(self, node: ast.expr, letters: Letters) -> int:
        """A position or an end of a range. KeyError if a letter has no value."""
        if isinstance(node, ast.Constant):
            return int(node.value)
        if isinstance(node, ast.Name):
            return letters[node.id] if node.id in letters else self.sizes[node.id]
        if isinstance(node, ast.UnaryOp):
            return -self.place(node.operand, letters)
        if isinstance(node, ast.BinOp):
            left, right = self.place(node.left, letters), self.place(node.right, letters)
            return (
                left * right if isinstance(node.op, ast.Mult) else left + (right, -right)[isinstance(node.op, ast.Sub)]
            )
        if isinstance(node, ast.Subscript):
            name, at = entry_of(node)
            return self.chosen(name, tuple(self.place(p, letters) for p in at))
        if isinstance(node, ast.Call) and name_of(node.func) in self.text.widths:
            at = self.place(node.args[0], letters)
            key = name_of(node.func), at
            return self.wide.setdefault(key, Random(f"{self.seed} {key}").randint(1, self.most))
        raise Unread(ast.unparse(node))

    def chosen(self, name: str, at: tuple[int, ...]) -> int:
        """An entry of integer data."""
        low, high = self.given(name).values or (None, None)
        if low is None or high is None:
            raise Unread(f"{name} is no integer data")
        return Random(f"{self.seed} {name} {at}").randint(self.place(low, {}), self.place(high, {}))

    def given(self, name: str) -> Declared:
        return self.text.given[name]

    def known(self, node: ast.expr, letters: Letters) -> int | None:
        """A position, or None if some letter of it has no value."""
        try:
            return self.place(node, letters)
        except KeyError:
            return None

    def slot(self, name: str, q: int, at: tuple[int | None, ...]) -> tuple[int, int] | None:
        """The range of a slot where the other slots stand at `at` as far as it is known; None if nothing says it."""
        if name in self.text.given:
            return self.given_slot(self.given(name), q, at)
        if (name, q, at) in self.busy or len(self.busy) > DEEP:
            return None
        self.busy.add((name, q, at))
        try:
            found = [ends for e in self.text.equations if e.target == name for ends in [self.defined(e, q, at)] if ends]
        finally:
            self.busy.discard((name, q, at))
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None

    def defined(self, equation: Written, q: int, at: tuple[int | None, ...]) -> tuple[int, int] | None:
        """Where an equation defines a slot, if it stands at this place and says so."""
        letters = self.letters_at(equation, at, q)
        if letters is None:
            return None
        letter = name_of(equation.at[q])
        if letter in self.text.letters:
            return self.range_of(letter, equation, letters)
        place = self.place(equation.at[q], {})
        return place, place

    def given_slot(self, declared: Declared, q: int, at: tuple[int | None, ...]) -> tuple[int, int] | None:
        slot, letters = declared.slots[q], {}
        if declared.over and name_of(slot) == declared.over[0]:
            return self.place(declared.over[1], {}), self.place(declared.over[2], {})
        for other, position in zip(declared.slots, at, strict=True):
            if declared.over and name_of(other) == declared.over[0] and position is not None:
                letters[declared.over[0]] = position
        high = self.known(slot, letters)
        return None if high is None else (1, high)

    def letters_at(self, equation: Written, at: tuple[int | None, ...], free: int = -1) -> dict[str, int] | None:
        """The letters of a left side at a place, slot `free` left open; None if it does not stand there."""
        letters: dict[str, int] = {}
        for q, (position, place) in enumerate(zip(equation.at, at, strict=True)):
            if q == free or place is None or isinstance(position, ast.Tuple):
                continue
            name = name_of(position)
            if name in self.text.letters:
                letters[name] = place
            elif self.place(position, {}) != place:
                return None
        for name, place in [*letters.items()]:
            found = self.range_of(name, equation, {x: p for x, p in letters.items() if x != name})
            if found and not found[0] <= place <= found[1]:
                return None
            letters[name] = Place.within(place, found)
        return letters

    def range_of(self, letter: str, equation: Written, letters: Letters) -> tuple[int, int] | None:
        """The range of a letter of a left side."""
        if letter in equation.stated:
            low, high = equation.stated[letter]
            return self.place(low, letters), self.place(high, letters)
        return self.seen(letter, equation.value, letters)

    def seen(self, letter: str, node: ast.expr, letters: Letters) -> tuple[int, int] | None:
        """The range of a letter from a slot in which it stands alone."""
        for name, at in accesses(node, letter):
            for q, position in enumerate(at):
                if name_of(position) == letter:
                    found = self.slot(name, q, tuple(self.known(p, letters) if p is not position else None for p in at))
                    if found:
                        return found
        return None

    def span(self, call: ast.Call, letters: Letters) -> Iterator[dict[str, int]]:
        """The letters at every term of a sum."""
        yield from self.spans(bound(call, self.text.letters), call.args[0], dict(letters))

    def spans(self, bounds: Any, body: ast.expr, letters: dict[str, int]) -> Iterator[dict[str, int]]:
        if not bounds:
            yield letters
            return
        ready = [self.ends(b, body, letters, [x for x, _ in bounds]) for b in bounds]
        q = next((q for q, ends in enumerate(ready) if ends), None)
        if q is None:
            raise Unread(f"no range of {[x for x, _ in bounds]} in {ast.unparse(body)}")
        low, high = ready[q]
        for place in range(low, high + 1):
            yield from self.spans(
                [*bounds[:q], *bounds[q + 1 :]], body, {**letters, bounds[q][0]: Place.within(place, (low, high))}
            )

    def ends(self, bind: Any, body: ast.expr, letters: Letters, open_: list[str]) -> tuple[int, int] | None:
        """The range of a bound letter; None if it depends on letters that have no value yet."""
        letter, stated = bind
        outer = {x: p for x, p in letters.items() if x not in open_}
        if stated is None:
            return self.seen(letter, body, outer)
        low, high = (self.known(end, outer) for end in stated)
        return None if low is None or high is None else (low, high)

    def places(self, name: str) -> list[tuple[int, ...]]:
        """Every position of a given tensor."""
        declared = self.given(name)
        found: list[tuple[int, ...]] = []

        def fill(at: tuple[int | None, ...]) -> None:
            left = [q for q, p in enumerate(at) if p is None]
            if not left:
                found.append(tuple(p for p in at if p is not None))
                return
            for q in left:
                ends = self.given_slot(declared, q, at)
                if ends:
                    for place in range(ends[0], ends[1] + 1):
                        fill((*at[:q], place, *at[q + 1 :]))
                    return
            raise Unread(name)

        fill((None,) * len(declared.slots))
        return sorted(found)

    def keyed(self, name: str) -> tuple[bool, ...]:
        """Which slots are keys of a dict in code: those that the width of another one depends on."""
        declared = self.given(name)
        letter = declared.over[0] if declared.over else ""
        depends = [
            any(isinstance(n, ast.Name) and n.id == letter for n in ast.walk(s)) and name_of(s) != letter
            for s in declared.slots
        ]
        return tuple(bool(letter) and name_of(s) == letter and any(depends) for s in declared.slots)

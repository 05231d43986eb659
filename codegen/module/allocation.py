"""Arrays that are filled in parts: made empty before, one for every key where there are keys."""

from __future__ import annotations

from dataclasses import replace as with_changes

from codegen.module.spelling import Speller
from codegen.program.array import Store
from derive.errors import Refused
from derive.values.affine import Affine, Node, replace
from derive.values.binders import Bound


def allocations(store: Store, speller: Speller) -> list[str]:
    """`z = np.empty((m, n), x.dtype)`, or a dict of arrays.

    Where no given array shows the lengths at every key, the first or the last key has a line of its own. Refused
    if that does not help.
    """
    if len(store.keys) != 1:
        return [f"{store.name} = {over_keys(empty(store, speller), store, speller)}"]
    key = store.keys[0]
    for first, last in ((False, False), (True, False), (False, True)):
        inner = Bound(key.index, key.lo + int(first), key.hi - int(last))
        try:
            part = with_changes(store, keys=(inner,))
            lines = [f"{store.name} = {over_keys(empty(part, speller), part, speller)}"]
            alone = [key.lo] * first + [key.hi] * last
            return lines + [f"{store.name}[{speller.affine(at)}] = {empty(_at(store, at), speller)}" for at in alone]
        except Refused:
            pass
    return [f"{store.name} = {over_keys(empty(store, speller), store, speller)}"]


def _at(store: Store, key: Affine) -> Store:
    """The array of one key."""
    values: dict[Node, Affine] = {store.keys[0].index: key}
    axes = tuple(Bound(a.index, replace(a.lo, values), replace(a.hi, values)) for a in store.axes)
    return with_changes(store, keys=(), axes=axes)


def empty(store: Store, speller: Speller) -> str:
    """`np.empty((m, n(l)), x.dtype)`"""
    for key in store.keys:
        speller = speller.inside(key)
    shape = ", ".join(speller.affine(a.hi - a.lo + 1) for a in store.axes)
    made = "zeros" if store.holes else "empty"
    return f"np.{made}(({shape}{',' if len(store.axes) == 1 else ''}), {speller.like()}.dtype)"


def over_keys(value: str, store: Store, speller: Speller) -> str:
    """`{l: value for l in range(2, L + 1)}`, or the value if there are no keys."""
    if not store.keys:
        return value
    letters = [speller.letter(k.index) for k in store.keys]
    loops = " ".join(
        f"for {x} in range({speller.span(k.lo, k.hi + 1)})" for x, k in zip(letters, store.keys, strict=True)
    )
    key = letters[0] if len(letters) == 1 else f"({', '.join(letters)})"
    return f"{{{key}: {value} {loops}}}"

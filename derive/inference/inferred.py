"""Ranges of letters that stand alone in no slot: those of other equations, of readers, of what is read.

Each follows from the equations in one way only, and is then used as if it had been stated. Where there are two ways
to read the equations, the error says which range could be stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as with_changes

from derive.inference.candidates import Ends, agree, candidates, letters_of
from derive.inference.demand import Demand, demanded
from derive.inference.sketch import Sketch, sketched
from derive.inference.supply import supplied
from derive.inference.unranged import unranged
from derive.regions.shapes import Draft, Shapes
from derive.values.affine import Index
from derive.values.scopes import scoped

Found = dict[int, dict[Index, Ends]]


def inferred(statements: tuple[Draft, ...], done: Mapping[int, Draft], shapes: Shapes, count: int) -> tuple[Draft, ...]:
    """The first `count` statements, some of them with further ranges, or unchanged where all have theirs.

    The others only read. ModelError, with its line, for a letter that nothing gives a range.
    """
    waiting = [q for q in range(count) if q not in done and _stuck(statements[q], shapes)]
    if not waiting:
        return statements[:count]
    sketch = sketched(tuple(done.get(q, draft) for q, draft in enumerate(statements)), shapes)
    found = _shown(sketch, waiting, shapes)
    demand = demanded(sketch) if not found else Demand()
    for wanted, ends in demand.found.items():
        found.setdefault(wanted.q, {})[wanted.letter] = ends
    supplies = {} if found else {(q, x): supplied(sketch, q, x) for q, x in sketch.missing() if q in waiting}
    for (q, letter), supply in supplies.items():
        if supply.ends and supply.sure:
            found.setdefault(q, {})[letter] = supply.ends
    if not found:
        q, letter = next((q, x) for q, x in sketch.missing() if q in waiting)
        undecided = next((u for w, u in demand.undecided.items() if (w.q, w.letter) == (q, letter)), None)
        unpredicted = demanded(sketched(sketch.drafts[:count], shapes)).found
        needed = next((ends for w, ends in unpredicted.items() if (w.q, w.letter) == (q, letter)), None)
        raise unranged(sketch.drafts[q], letter, supplies[q, letter], undecided, needed)
    return tuple(
        with_changes(draft, value=sketch.drafts[q].value, over={**draft.over, **found[q]}) if q in found else draft
        for q, draft in enumerate(statements[:count])
    )


def _stuck(draft: Draft, shapes: Shapes) -> list[Index]:
    draft = with_changes(draft, value=scoped(draft.value, {}))
    shown = candidates(draft, shapes, weak=True)
    return [x for x in letters_of(draft) if x not in shown and x not in draft.over]


def _shown(sketch: Sketch, waiting: list[int], shapes: Shapes) -> Found:
    """What follows from slots of variables of which not all is known yet."""
    found: Found = {}
    for q in waiting:
        draft = sketch.drafts[q]
        shown = candidates(draft, sketch.shapes, weak=False)
        for letter in _stuck(draft, shapes):
            if letter in sketch.known[q]:
                agree(letter, shown.get(letter, []), shapes, draft)
                found.setdefault(q, {})[letter] = sketch.known[q][letter]
    return found

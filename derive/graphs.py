"""What belongs together: by a key, by what it leads to, and by leading to each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    """All values of each key, in order."""
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def reached(starts: Iterable[str], after: Mapping[str, Iterable[str]]) -> set[str]:
    """The starts, and everything that they lead to."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        new = set(after.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return found


def components(after: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongly connected components (Tarjan), each after those that it leads to, else in the order of the nodes.

    `after` lists for every node those that it leads to. A long chain is one path, so this must not be a recursion.
    """
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    done: set[int] = set()
    found: list[list[int]] = []
    for root in range(len(after)):
        path = [] if root in number else [(root, iter(after[root]))]
        while path:
            node, others = path[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                stack.append(node)
            ahead = next((x for x in others if x not in done), None)
            if ahead is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    group = [stack.pop()]
                    while group[-1] != node:
                        group.append(stack.pop())
                    done.update(group)
                    found.append(sorted(group))
            elif ahead in number:
                low[node] = min(low[node], number[ahead])
            else:
                path.append((ahead, iter(after[ahead])))
    return found

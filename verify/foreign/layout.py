"""How a function's arguments and results stand to the letters of a model: given as a template, or found.

A template says what is passed, in the model's letters: `"w[2]"`, `"w[2].T"`, `"x.T"`, `"lam * m"`, in lists, tuples and
dicts as the function takes them, `Flat("w[2]", "b[2]")` for one long vector, or a callable of the model's values.
The gradient has the same shape as the parameters among the arguments, unless another template says otherwise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from derive.errors import ModelError

Values = Mapping[str, Any]  # by the model's names; a tensor with layers is a dict of arrays
Blocks = dict[str, Any]  # arrays by "b" or "w[2]", in the model's shapes
ONES = re.compile(r"ones\((?P<inside>[^()]+)\)(?P<turned>\.T)?")
LEAF = re.compile(r"(?P<name>[A-Za-z_]\w*)(\[(?P<key>-?\d+)\])?(?P<turned>\.T)?")


class LayoutError(ModelError):
    """A template that cannot be meant, or a result that does not fit one."""


@dataclass(frozen=True)
class Flat:
    """One vector: the entries of the parts one after another, each row by row (`order` "F": column by column)."""

    parts: tuple[str, ...]
    order: Literal["C", "F"] = "C"

    def __init__(self, *parts: str, order: Literal["C", "F"] = "C") -> None:
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "order", order)


@dataclass(frozen=True)
class Layers:
    """A list of the layers of a parameter, the first one first: `Layers("w")`, `Layers("w.T")`."""

    text: str

    def parts(self, values: Values) -> list[str]:
        """The layers one by one."""
        name, dot, turned = self.text.partition(".")
        value = values.get(name)
        if not isinstance(value, dict):
            raise LayoutError(f"{name} in the layout has no layers")
        return [f"{name}[{key}]{dot}{turned}" for key in value]


@dataclass(frozen=True)
class Named:
    """What is passed by its name."""

    name: str
    part: Any


@dataclass(frozen=True)
class Block:
    """A parameter, or one layer of it, perhaps transposed."""

    name: str
    key: int | None
    turned: bool

    @property
    def label(self) -> str:
        return self.name if self.key is None else f"{self.name}[{self.key}]"

    def of(self, values: Values) -> Any:
        """The block as it is passed."""
        value = values[self.name] if self.key is None else values[self.name][self.key]
        if not self.turned:
            return value
        return np.ascontiguousarray(np.swapaxes(value, -1, -2)) if np.ndim(value) > 1 else np.reshape(value, (-1, 1))

    def back(self, found: Any, values: Values) -> Any:
        """The block in the model's shape, from what has the shape that is passed."""
        own = values[self.name] if self.key is None else values[self.name][self.key]
        found = as_array(found)
        if self.turned and np.ndim(own) > 1:
            return np.swapaxes(found, -1, -2) if found.ndim > 1 else found
        return found.reshape(np.shape(own)) if found.size == np.size(own) and np.ndim(own) < 2 else found


@dataclass(frozen=True)
class Layout:
    """Arguments from values, and blocks of the gradient from what was returned; `text` shows it to a reader.

    `names`: those of the last arguments, if they are passed by name.
    """

    arguments: Callable[[Values], tuple[Any, ...]]
    gradient: Callable[[Any, Values], Blocks]
    text: str = ""
    names: tuple[str, ...] = ()

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Call a function; the last arguments are passed by the names that the layout has."""
        first = len(arguments) - len(self.names)
        return function(*arguments[:first], **dict(zip(self.names, arguments[first:], strict=True)))


def stated(arguments: Any, gradient: Any, parameters: Sequence[str]) -> Layout:
    """The layout that templates state. `parameters` are the names of the model's parameters."""
    names = () if callable(arguments) else tuple(part.name for part in arguments if isinstance(part, Named))
    made = arguments if callable(arguments) else lambda values: tuple(build(part, values) for part in arguments)
    if gradient is None:
        if callable(arguments):
            raise LayoutError("what the gradient looks like is not said", fix="gradient=[...], as for the arguments")
        mine = [part for part in arguments if any(b.name in parameters for b in blocks_in(part))]
        gradient = mine[0] if len(mine) == 1 else tuple(mine)
    template = gradient
    read = gradient if callable(gradient) else lambda found, values: dict(unbuilt(template, found, values))
    shown = "" if callable(arguments) else f"({', '.join(map(show, arguments))}) -> {show(template)}"
    return Layout(made, read, shown, names)


def build(part: Any, values: Values) -> Any:
    """What is passed for one part of a template."""
    if callable(part):
        return part(values)
    if isinstance(part, Named):
        return build(part.part, values)
    if isinstance(part, Flat):
        return np.concatenate([np.asarray(leaf(p, values)).ravel(order=part.order) for p in part.parts])
    if isinstance(part, Layers):
        return [leaf(text, values) for text in part.parts(values)]
    if isinstance(part, str):
        return leaf(part, values)
    if isinstance(part, Mapping):
        return {key: build(value, values) for key, value in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)(build(value, values) for value in part)
    return part


def leaf(text: str, values: Values) -> Any:
    """A block, or arithmetic of numbers: `lam * m`."""
    if found := ONES.fullmatch(text.replace(" ", "")):
        array = leaf(found["inside"], values)
        whole = np.concatenate([np.ones_like(array[:, :1]), array], axis=1)
        return np.ascontiguousarray(whole.T) if found["turned"] else whole
    block = block_of(text, values)
    if block is not None:
        return block.of(values)
    return arithmetic(ast.parse(text, mode="eval").body, text, values)


def block_of(text: str, values: Values) -> Block | None:
    """The block that a text names, if it names one."""
    found = LEAF.fullmatch(text.replace(" ", ""))
    if found is None:
        return None
    name, key = found["name"], found["key"]
    if name not in values:
        known = ", ".join(sorted(values))
        raise LayoutError(f"{name} in the layout is nothing that the model has", fix=f"one of {known}")
    value = values[name]
    if key is not None and (not isinstance(value, dict) or int(key) not in value):
        has = (
            f"{name} has {', '.join(f'{name}[{k}]' for k in value)}"
            if isinstance(value, dict)
            else f"{name} is one array"
        )
        raise LayoutError(f"{text} in the layout does not exist: {has}")
    return Block(name, None if key is None else int(key), found["turned"] is not None)


OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


def arithmetic(node: ast.expr, text: str, values: Values) -> Any:
    """The value of an expression of names and numbers."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return OPERATIONS[type(node.op)](arithmetic(node.left, text, values), arithmetic(node.right, text, values))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -arithmetic(node.operand, text, values)
    block = block_of(ast.unparse(node), values)
    if block is None:
        raise LayoutError(f"{text} in the layout is neither an entry of the model nor arithmetic of its numbers")
    return block.of(values)


def blocks_in(part: Any) -> Iterator[Block]:
    """The blocks that a template names, in order."""
    if isinstance(part, Named):
        yield from blocks_in(part.part)
    elif isinstance(part, Flat):
        for text in part.parts:
            yield from blocks_in(text)
    elif isinstance(part, Layers):
        yield from blocks_in(part.text)
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from blocks_in(value)
    elif isinstance(part, (list, tuple)):
        for value in part:
            yield from blocks_in(value)
    elif isinstance(part, str) and (found := LEAF.fullmatch(part.replace(" ", ""))):
        yield Block(found["name"], None if found["key"] is None else int(found["key"]), found["turned"] is not None)


def unbuilt(template: Any, found: Any, values: Values) -> Iterator[tuple[str, Any]]:
    """The blocks of a gradient that has the shape of a template. LayoutError where it has another one."""
    if isinstance(template, Named):
        yield from unbuilt(template.part, found, values)
    elif isinstance(template, Flat):
        yield from cut(template, found, values)
    elif isinstance(template, Layers):
        yield from unbuilt(template.parts(values), found, values)
    elif isinstance(template, str):
        block = block_of(template, values)
        if block is None:
            raise LayoutError(f"{template} in the layout of the gradient is no parameter")
        value = values[block.name]
        if block.key is None and isinstance(value, dict):
            for key in value:
                if key not in found:
                    raise LayoutError(f"the gradient has no key {key} for {block.name}[{key}]")
                one = Block(block.name, key, block.turned)
                yield one.label, one.back(found[key], values)
        else:
            yield block.label, block.back(found, values)
    elif isinstance(template, Mapping):
        for key, part in template.items():
            inside = found[key] if isinstance(found, Mapping) and key in found else getattr(found, str(key), None)
            if inside is None:
                raise LayoutError(f"the gradient has no {key!r}")
            yield from unbuilt(part, inside, values)
    elif isinstance(template, (list, tuple)):
        if not isinstance(found, (list, tuple)) or len(found) != len(template):
            shape = f"{len(found)} parts" if isinstance(found, (list, tuple)) else type(found).__name__
            raise LayoutError(f"the gradient should have {len(template)} parts, but is {shape}")
        for part, inside in zip(template, found, strict=True):
            yield from unbuilt(part, inside, values)


def cut(template: Flat, found: Any, values: Values) -> Iterator[tuple[str, Any]]:
    """The parts of one long vector."""
    parts = [block_of(text, values) for text in template.parts]
    vector, start = as_array(found).ravel(), 0
    shapes = [np.shape(part.of(values)) for part in parts if part is not None]
    total = sum(int(np.prod(shape)) for shape in shapes)
    if vector.size != total:
        raise LayoutError(f"the gradient has {vector.size} entries, the parameters have {total}")
    for part, shape in zip(parts, shapes, strict=True):
        assert part is not None
        size = int(np.prod(shape))
        yield part.label, part.back(vector[start : start + size].reshape(shape, order=template.order), values)
        start += size


def as_array(found: Any) -> Any:
    """An array of what was returned: of NumPy, of a list, or of a library whose arrays NumPy reads."""
    return found if isinstance(found, np.ndarray) else np.asarray(found)


def show(template: Any) -> str:
    """A template as text."""
    if isinstance(template, Named):
        return f"{template.name}={show(template.part)}"
    if isinstance(template, Flat):
        order = ", order=F" if template.order == "F" else ""
        return f"flat({', '.join(template.parts)}{order})"
    if isinstance(template, Layers):
        return f"layers({template.text})"
    if isinstance(template, Mapping):
        return "{" + ", ".join(f"{key}: {show(part)}" for key, part in template.items()) + "}"
    if isinstance(template, (list, tuple)):
        opened, closed = ("[", "]") if isinstance(template, list) else ("(", ")")
        single = "," if len(template) == 1 and isinstance(template, tuple) else ""
        return opened + ", ".join(map(show, template)) + single + closed
    return getattr(template, "__name__", "a function") if callable(template) else str(template)

"""The model that a value belongs to, as far as the value needs it."""

from __future__ import annotations

from typing import Any, Protocol

from derive.errors import ModelError, Source
from derive.values.facts import Facts
from derive.values.nodes import Access


class Owner(Protocol):
    """The model that a formula belongs to: it collects the functions and the equations."""

    file: str

    def register(self, function: Any) -> None: ...

    def is_integer(self, name: str) -> bool: ...

    def state(self, target: Access, value: Any, source: Source) -> None: ...

    def known_facts(self) -> Facts: ...

    def known_tensor(self, name: str) -> Any: ...


class Nobody:
    """The owner of what any model may use, such as the unit matrix; together with a tensor it has the tensor's."""

    file = ""

    def register(self, function: Any) -> None:
        raise ModelError(f"nothing of a model stands in {function.name}", fix="use entries of declared tensors")

    def is_integer(self, name: str) -> bool:
        return False

    def state(self, target: Access, value: Any, source: Source) -> None:
        raise ModelError(f"{target.tensor} belongs to no model")

    def known_facts(self) -> Facts:
        return Facts()

    def known_tensor(self, name: str) -> Any:
        return None


NOBODY = Nobody()

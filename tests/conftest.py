"""What several test files share."""

import pytest


@pytest.fixture
def declared_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """One head of declarations serves many models, so that some of it is unused, which is refused elsewhere."""
    monkeypatch.setattr("derive.model.check_unused", lambda *_: None)

"""`pytest --gradproof`: the models of a project as tests. Without that option nothing else of gradproof is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

OPTION = "--gradproof"
ONLY = "--gradproof-only"
INI = "gradproof_models"
MARK = "gradproof"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option, the setting, and where the ids of single checks are kept."""
    group = parser.getgroup("gradproof", "gradients of models")
    text = "collect the checks of models: those named, or all of the project"
    group.addoption(OPTION, metavar="MODEL,FILE.py", nargs="?", const="", default=None, help=text)
    group.addoption(
        ONLY, metavar="ID", action="append", default=[], help=f"such a check alone; {OPTION} ID is the same"
    )
    parser.addini(INI, f"patterns of the model files that {OPTION} takes, such as models/*.py", "args", default=[])


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """The option takes names only after `=`: it may stand before files. `mlp` and `mlp::BP2::step` are no files."""
    if not any(word.partition("=")[0] == OPTION for word in args):
        return
    args[:] = [f"{OPTION}=" if word == OPTION else word for word in args]
    known = parser.parse_known_args(args)
    paths = {word for word in known.file_or_dir if Path(word.partition("::")[0]).is_file() or Path(word).exists()}
    ids = set() if known.pyargs else {*known.file_or_dir} - paths
    args[:] = [f"{ONLY}={word}" if word in ids else word for word in args]


def pytest_configure(config: pytest.Config) -> None:
    """With the option, the rest of the plugin. UsageError for a name that is no model."""
    names = config.getoption(OPTION)
    if names is None:
        return
    from gradproof.load import UsageError
    from gradproof.pytest_models import Models, asked

    config.addinivalue_line("markers", f"{MARK}: a check of a model, collected by {OPTION}")
    only = tuple(config.getoption(ONLY))
    if only and config.args_source is not config.ArgsSource.ARGS:
        config.args = []  # nothing but these checks was asked for
    try:
        files = asked(names, config.getini(INI), config.rootpath)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(Models(files, only), "gradproof-models")

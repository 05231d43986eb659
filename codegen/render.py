"""Program to module text: one file that depends on NumPy only, and on SciPy where a special function stands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template, meta

from codegen.lower import lower
from codegen.module.aside import stepped_aside
from codegen.module.blocks import Module
from derive.derivation import Derivation

NONE: Mapping[str, str] = {}


def render_module(derivation: Derivation, *, source: str, digest: str) -> str:
    """The text of the module of a model. `source` names the model file relative to the project."""
    return render_program_module(Module(derivation.system, lower(derivation)), source, digest)


def render_program_module(module: Module, source: str, digest: str) -> str:
    """The text of a module, its training loop by batches if the data has samples."""
    training = "train_batches" if module.samples else "train_whole"
    train = fill(f"{training}.py.jinja", module.training_blocks(), module.aside)
    return fill("module.py.jinja", {**module.blocks(), "source": source, "digest": digest, "train": train}) + "\n"


def fill(name: str, blocks: dict[str, str], names: Mapping[str, str] = NONE) -> str:
    """Fill a template, with other `names` in its code; a block that is missing, or given and not used, is an error."""
    template, wanted = _template(name, tuple(names.items()))
    if wanted != set(blocks):
        raise KeyError(f"{name}: {', '.join(sorted(wanted ^ set(blocks)))}: missing, or not used")
    return template.render(blocks).rstrip("\n")


@cache
def _template(name: str, names: tuple[tuple[str, str], ...]) -> tuple[Template, frozenset[str]]:
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    source = (files("codegen") / "templates" / name).read_text("utf-8")
    tree = environment.parse(stepped_aside(source, dict(names)))
    wanted = frozenset(meta.find_undeclared_variables(tree))
    return Template.from_code(environment, environment.compile(tree), {}), wanted

"""The parts of a generated module as blocks of text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cached_property

from codegen.lowering.functional import opaque_name
from codegen.module.arguments import array_lines, number_names, scalar_names
from codegen.module.aside import LOCALS, OPTIONS, aside
from codegen.module.beginning import initial_lines, sizes_meaning
from codegen.module.bodies import HELPERS, Body, helper_text
from codegen.module.breaking import example, head
from codegen.module.checks import COUNT, NUMBER, PLACES, scalar_blocks
from codegen.module.domain_lines import NEEDS, Domains
from codegen.module.given import Given
from codegen.program.array import Opaque, Store
from codegen.program.walks import assigns, values
from derive.errors import located
from derive.values.affine import Affine
from derive.values.text import render_affine, render_range


def quotable(text: str) -> str:
    """The text as it may stand in a docstring: one line, no backslash and no double quote that could end it."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())


@dataclass(frozen=True)
class Module(Given):
    """One module, block by block."""

    def training_blocks(self) -> dict[str, str]:
        """The blocks of the training loop."""
        own = {name: self.aside.get(name, name) for name in (*OPTIONS, *LOCALS)}
        batch = {name: f"{name}[{':, ' * axis}{own['batch']}]" for name, axis in self.samples.items()}
        start = own["start" if self.samples else "found"]
        found = {
            "given": self.listed(self.everything),
            "like": self.like(),
            "check_start": self.check(start, indent=8),
            "cost_found": self.call(own["found"], self.costing),
        }
        options = [f"{own['batch_size']}=None"] if self.samples else []
        found["train_head"] = head(
            "train",
            [
                own["sizes"],
                "*",
                *self.everything,
                own["rate"],
                own["epochs"],
                *options,
                f"{own['restarts']}=1",
                f"{own['seed']}=0",
                "parameters=None",
                f"{own['callback']}=None",
            ],
        )
        if self.samples:
            options = [own[name] for name in ("rate", "epochs", "batch_size", "seed", "callback")]
            found["descend_head"] = head("_descend", ["parameters", *self.everything, *options])
            found["given"] += "," if len(self.everything) == 1 else ""
        else:
            del found["given"]
            return {**found, "kernel_found": self.call(own["found"], self.everything)}
        name, axis = next(iter(self.samples.items()))
        return {
            **found,
            "samples": f"{name}.shape[{axis}]",
            "batch_call": self.listed(("parameters", *(batch.get(g, g) for g in self.everything))),
        }

    def blocks(self) -> dict[str, str]:
        """The blocks of the module, the training loop excepted."""
        forward, predict = self.reads("forward"), self.reads("forward", "predict")
        kept = self.listed(self.kept)
        return {
            "docstring": self.docstring(),
            "imports": self.imports(),
            "helpers": self.helpers(),
            "sizes_meaning": sizes_meaning(self.program),
            "initial": initial_lines(self.system, self.program, self.speller()),
            "forward_arguments": self.call("parameters", forward),
            "forward": self.body("forward"),
            "forward_kept": kept or "nothing",
            "forward_result": kept or "_",
            "forward_signature": self.signature("parameters", forward),
            "forward_check": self.check("parameters", forward, ("forward",)),
            "forward_dict": "{" + ", ".join(f'"{n}": {n}' for n in self.kept) + "}",
            "predict_signature": self.signature("parameters", predict),
            "predict_check": self.check("parameters", predict, ("forward", "predict")),
            "predict_meaning": self.prediction(),
            "predict": self.body("predict"),
            "cost_arguments": self.call("parameters", self.costing),
            "cost": self.body("cost"),
            "cost_signature": self.signature("parameters", self.costing),
            "kernel_arguments": self.call("parameters", self.everything),
            "gradient": self.body("gradient"),
            "kernel_head": head("cost_and_gradient", ["parameters", "*", *self.everything]),
            "check": self.check("parameters"),
            "objective_head": head("objective", ["like", "*", *self.everything]),
            "objective_check": self.check("like"),
            "objective_example": example([f"{n}={n}" for n in self.everything]),
            "objective_call": self.call("unpack(theta, like)", self.everything),
            "parameter_names": self.parameter_names(),
            "arrays": array_lines(self.program, self.speller()),
            "arrays_signature": "parameters, **data" if self.data or self.counts else "parameters",
            "extra_checks": self.extra_checks(),
            **scalar_blocks(self.has_scalars),
        }

    @cached_property
    def aside(self) -> dict[str, str]:
        """The names of the training loop that step aside for those of arguments."""
        return aside(self.everything)

    @cached_property
    def data(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.program.stores if s.role == "data")

    @cached_property
    def integer(self) -> dict[str, str]:
        """Integer data, and the range of the places that it holds."""
        return {
            s.name: render_range(Affine.of(0), hi - lo)
            for s in self.program.stores
            for lo, hi in [self.program.values.get(s.tensor, (Affine.of(0), Affine.of(0)))]
            if s.integer
        }

    def signature(self, first: str, given: tuple[str, ...]) -> str:
        """Arguments of a public function: all but the first by name."""
        return self.listed((first, "*", *given)) if given else first

    @cached_property
    def domains(self) -> dict[str, Domains]:
        """The sections that have no value for some data."""
        every = [Domains(self.system, self.program, name) for name in ("forward", "predict", "cost")]
        return {d.section: d for d in every if d.lines}

    def domain_checks(self) -> str:
        """A function for every section that has no value for some data."""
        return "".join(
            "\n\n\n"
            + "\n".join(
                [
                    f"def _{name}_domain({self.listed(d.arguments)}):",
                    '    """Raises an error that names the data for which an equation has no value."""',
                    *(f"    {line}" for line in d.lines),
                ]
            )
            for name, d in self.domains.items()
        )

    def check(
        self,
        first: str,
        given: tuple[str, ...] | None = None,
        sections: tuple[str, ...] = ("forward", "cost"),
        indent: int = 4,
    ) -> str:
        """The lines that validate arguments, make plain floats of numbers, and look whether equations have values."""
        names = self.given if given is None else given
        data = [f"{n}={n}" for n in names if n in (*self.data, *self.counts)]
        numbers = [n for n in names if n in (*number_names(self.program), *scalar_names(self.program, "data"))]
        scalars = [f'"{n}": _number("{n}", {first}["{n}"], dtype)' for n in scalar_names(self.program, "parameter")]
        lines = [f'{n} = _count("{n}", {n})' for n in names if n in self.counts]
        lines += [f"{'dtype = ' if numbers or scalars else ''}_check({self.listed((first, *data))})"]
        lines += [f"{first} = {{**{first}, {self.listed(tuple(scalars))}}}"] if scalars else []
        lines += [f'{n} = _number("{n}", {n}, dtype)' for n in numbers]
        own = [self.domains[name] for name in sections if name in self.domains]
        lines += [f"_{d.section}_domain({self.listed(d.arguments)})" for d in own]
        return f"\n{' ' * indent}".join(lines)

    def extra_checks(self) -> str:
        """The checks of numbers, of integers, and of domains, where the model has them."""
        numbers = number_names(self.program) or self.has_scalars
        wanted = ((NUMBER, numbers), (PLACES, self.program.values), (COUNT, self.counts))
        domains = self.domain_checks()
        checks = "\n\n\n".join(text for text, has in wanted if has)
        return (f"\n\n{checks}" if checks else "") + domains + (f"\n{NEEDS}" if domains else "")

    @property
    def has_scalars(self) -> bool:
        """Is there a parameter, or data, of one number?"""
        return any(scalar_names(self.program, role) for role in ("parameter", "data"))

    def parameter_names(self) -> str:
        """The names of the parameters as a tuple."""
        names = [f'"{s.name}"' for s in self.program.stores if s.role == "parameter"]
        return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"

    def like(self) -> str:
        """An array whose type the parameters take."""
        return next((n for n in self.data if n not in self.integer), "np.zeros(0)")

    def body(self, name: str) -> str:
        """The lines of a kernel."""
        return Body(self, self.section(name)).text()

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Helpers and bodies."""
        return (self.helper_texts, *(self.body(s.name) for s in self.program.sections), self.domain_checks())

    def uses(self, prefix: str) -> bool:
        """Does the module need Python's `math.`, or SciPy's `special.`?"""
        return any(prefix in text for text in self.texts)

    def imports(self) -> str:
        """NumPy, and Python's math and SciPy where a function needs them."""
        math, special = ("import math\n\n" * self.uses("math."), "\nfrom scipy import special" * self.uses("special."))
        return f"{math}import numpy as np{special}"

    @cached_property
    def helper_texts(self) -> str:
        texts = []
        for helper in self.program.helpers:
            with located(self.program.first_call(helper.name)):
                texts.append(f"\n{helper_text(helper, self.speller())}\n\n")
        return "".join(texts)

    def helpers(self) -> str:
        """The scalar functions, and those of whole arrays."""
        used = [text for name, text in HELPERS.items() if any(f"{name}(" in body for body in self.texts)]
        return self.helper_texts + "".join(f"\n{text}\n\n" for text in used)

    def docstring(self) -> str:
        """The title, and what every argument is."""
        rows = [
            (self.spoken_role(s), self.declaration(s))
            for s in self.program.stores
            if s.role in ("parameter", "data", "hyper")
        ]
        rows += [("count", name) for name in self.counts]
        rows += [("callable", f"{n}({arguments})") for n, arguments in self.program_callables()]
        width = max(len(text) for _, text in rows)
        roles = {"hyper": "number", "count": "integer, at least 1", "callable": "function of arrays, by name"}
        lines = [quotable(self.system.title), ""] + [
            f"    {text:{width}}  {roles.get(role, role)}" for role, text in rows
        ]
        lines += [
            "",
            *textwrap.wrap(
                "An entry with a layer index is a dict of arrays keyed as in the equations; "
                "gradients have the structure of the parameters.",
                100,
            ),
        ]
        if self.uses("special."):
            lines += ["", "Needs NumPy and SciPy (scipy.special)."]
        return "\n".join(lines)

    def spoken_role(self, store: Store) -> str:
        """The role, or what integers may stand in data."""
        return f"integers {self.integer[store.name]}" if store.integer else store.role

    def program_callables(self) -> list[tuple[str, str]]:
        """Every callable with its arguments."""
        found: dict[str, str] = {}
        for section in self.program.sections:
            for line, _ in assigns(section.lines):
                for value in values(line.value):
                    if isinstance(value, Opaque):
                        found[opaque_name(value.name, value.by)] = ", ".join(
                            f"{getattr(a, 'store', 'value')} along its last axis" for a in value.args
                        )
        return [(self.names[f"f.{n}"], found.get(n, "array")) for n in self.program.callables]

    def declaration(self, store: Store) -> str:
        """`w[l] (n(l), n(l - 1)), l = 2..L`"""
        keys = ", ".join(a.index.name for a in store.keys)
        ranges = "".join(f", {a.index.name} = {render_range(a.lo, a.hi)}" for a in store.keys)
        shape = ", ".join(render_affine(a.hi - a.lo + 1) for a in store.axes)
        return store.name + (f"[{keys}]" if keys else "") + (f" ({shape})" if shape else "") + ranges

    def prediction(self) -> str:
        """What `predict` returns."""
        stated = self.system.prediction
        if stated is None:
            return "The outcome of the forward pass."
        if stated.cut is not None:
            return "Which outputs exceed the cut."
        return "The column, from 0, of the largest output." if stated.over else "The predicted values."

"""The report of one model in LaTeX: equations, derivation and code as one document.

A report is a skeleton (`templates/report.tex.jinja`) around sections. A section is a row of `SECTIONS`: a title and a
function that returns LaTeX, or nothing where the model has nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
from jinja2 import meta

from codegen.latex_names import code, escape
from codegen.report_backward import section_backward
from codegen.report_context import Report
from codegen.report_forward import section_equations, section_forward, section_functions, section_notation

TEMPLATE = "report.tex.jinja"
SECTIONS: tuple[tuple[str, Callable[[Report], str]], ...] = (
    ("Notation", section_notation),
    ("The model as given", section_equations),
    ("Functions and the laws of their derivatives", section_functions),
    ("Forward pass", section_forward),
    ("Backward pass", section_backward),
)


@dataclass(frozen=True)
class Section:
    """A finished section."""

    title: str
    body: str


def render_report(report: Report) -> str:
    sections = [Section(title, body) for title, write in SECTIONS if (body := write(report))]
    return fill(TEMPLATE, {
        "notice": "x", "pdf_title": escape(report.system.title), "running": escape(report.system.name),
        "kind": "Derivation", "title": escape(report.system.title), "front": "", "sections": sections})


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A template with its values; a value that is missing or not used is an error."""
    text = resources.files("codegen").joinpath("templates", template).read_text(encoding="utf-8")
    room = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True,
                              variable_start_string="<<", variable_end_string=">>", block_start_string="<%",
                              block_end_string="%>", comment_start_string="<#", comment_end_string="#>",
                              trim_blocks=True, lstrip_blocks=True)
    wanted = meta.find_undeclared_variables(room.parse(text))
    if wanted != set(values):
        raise KeyError(f"{template}: missing {sorted(wanted - set(values))}, unused {sorted(set(values) - wanted)}")
    return room.from_string(text).render(values)

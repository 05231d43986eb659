"""How names look in LaTeX: Greek, accents, indices behind a letter, upright words; and text that is safe to print."""

from __future__ import annotations

import re

from derive.errors import ModelError

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
VARIANTS = {"epsilon": r"\varepsilon", "phi": r"\varphi", "omicron": "o", "lam": r"\lambda"}
ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot", "star": "*"}
OPERATORS = frozenset("exp log sin cos tan sinh cosh tanh arctan arcsin arccos max min".split())
WORDS = {"Max": r"\max", "Min": r"\min", "log": r"\ln"}
COMMANDS = (
    frozenset(
        "hat bar tilde vec dot ddot mathrm mathbf mathit mathsf mathcal mathbb boldsymbol operatorname "
        "ell "
        "varepsilon varphi vartheta varrho prime star ast dagger".split()
    )
    | GREEK
    | OPERATORS
)
TEXT = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': "''",
    "`": r"\textasciigrave{}",
    "\u2013": "--",
    "\u2014": "---",
    "\u2019": "'",
    "\u2026": r"\dots{}",
    "|": r"\textbar{}",
}


def escape(text: str) -> str:
    """Plain text for LaTeX's text mode; what the fonts may lack becomes a question mark."""
    return "".join(TEXT.get(c, c if c.isascii() or c.isalpha() and ord(c) < 0x180 else "?") for c in text)


def code(text: str) -> str:
    """A piece of program text."""
    return r"\texttt{" + escape(text).replace("'", r"\textquotesingle{}") + "}"


def checked_latex(text: str) -> str:
    """A letter that an author gave in LaTeX, if it is nothing but a letter. ModelError otherwise."""
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            break
    strange = [c for c in re.findall(r"\\([A-Za-z]+|.)", text) if c not in COMMANDS]
    if depth or strange or not re.fullmatch(r"[A-Za-z0-9\\{}_^,' *+-]+", text):
        raise ModelError(
            f"{text!r} is no letter that the report can print",
            fix=r"a letter, a Greek letter or an accent, such as \lambda or \hat{\rho}",
        )
    return text


def letter(name: str) -> str:
    """`a`, `\\rho`, `\\hat{\\rho}`, `w_{1}`, `\\mathrm{cost}`: the look of a name, in braces if indices can follow."""
    stem, primes = name.rstrip("'"), len(name) - len(name.rstrip("'"))
    return _stem(stem) + "'" * primes


def _stem(name: str) -> str:
    if name in VARIANTS:
        return VARIANTS[name]
    if name in GREEK:
        return "\\" + name
    if len(name) == 1:
        return name
    base, _, tail = name.rpartition("_")
    if base and tail in ACCENTS:
        inner = _stem(base)
        return f"{{{inner}^*}}" if tail == "star" else f"{ACCENTS[tail]}{{{inner}}}"
    digits = re.fullmatch(r"([A-Za-z]+?)_?(\d+)", name)
    if digits:
        return f"{{{_stem(digits[1])}_{{{digits[2]}}}}}"
    if base and (len(base) == 1 or base in GREEK) and tail:
        return f"{{{_stem(base)}_{{{_stem(tail)}}}}}"
    return rf"\mathrm{{{escape(name)}}}"


def head(name: str, given: str = "") -> str:
    """The look of a function's name."""
    if given:
        return checked_latex(given)
    if name in WORDS:
        return WORDS[name]
    if name in OPERATORS:
        return "\\" + name
    return letter(name) if len(name) == 1 or name in GREEK else rf"\operatorname{{{escape(name)}}}"


def capital(look: str) -> str | None:
    """The capital of a letter, for the matrix of its entries; None where there is none."""
    if len(look) == 1 and look.isalpha():
        return look.upper()
    if look[:1] == "\\" and look[1:].capitalize() in GREEK:
        return "\\" + look[1:].capitalize()
    return None

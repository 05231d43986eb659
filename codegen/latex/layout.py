"""How wide and how high LaTeX text is: where lines break, which brackets fit, when indices need commas."""

from __future__ import annotations

from fractions import Fraction


def packed(terms: list[str], limit: float) -> list[str]:
    """Terms with their signs on as few lines as `limit` (in em) allows."""
    lines, width = [terms[0]], breadth(terms[0])
    for text in terms[1:]:
        if width + breadth(text) > limit:
            lines.append("{}" + text)
            width = breadth(text)
        else:
            lines[-1] += text
            width += breadth(text)
    return lines


def join(shown: list[str]) -> str:
    """Positions side by side, `ij`; with commas as soon as one of them is more than a letter."""
    plain = all(len(s.rstrip("'").lstrip("\\")) == 1 and not s.isdigit() or s == r"\bullet" for s in shown)
    return "".join(shown) if plain or len(shown) == 1 else ",".join(shown)


def brackets(text: str) -> str:
    """Round brackets as high as what they hold."""
    if r"\begin{cases}" in text:
        return rf"\left({text}\right)"
    if r"\sum" in text or r"\frac" in text:
        return rf"\Bigl({text}\Bigr)"
    return rf"\bigl({text}\bigr)" if "^" in text else f"({text})"


def decimal(value: Fraction) -> str:
    """`1.7159` for a fraction with a power of ten below that is longer than a textbook fraction."""
    for digits in range(2, 8):
        scaled = value * 10**digits
        if scaled.denominator == 1 and value.denominator > 16:
            return f"{int(scaled) // 10**digits}.{int(scaled) % 10**digits:0{digits}d}"
    return ""


def breadth(text: str) -> float:
    """A rough width in em, for deciding where lines break; what is wrong by a little, TeX shrinks."""
    return _breadth(text, 0)[0]


def _breadth(text: str, start: int) -> tuple[float, int]:
    width, at, scale = 0.0, start, 1.0
    while at < len(text) and text[at] != "}":
        char = text[at]
        at += 1
        if char in "^_":
            scale = 0.7
            continue
        if char == "{":
            inner, at = _breadth(text, at)
            width += inner * scale
            at += 1
        elif char == "\\":
            stop = at
            while stop < len(text) and text[stop].isalpha():
                stop += 1
            command, at = text[at:stop], max(stop, at + 1)
            if command in ("frac", "tfrac", "dfrac"):
                top, at = _breadth(text, at + 1)
                bottom, at = _breadth(text, at + 2)
                width += max(top, bottom) + 0.25
                at += 1
            elif command in ("mathrm", "operatorname", "text", "Bigl", "Bigr", "bigl", "bigr", "boldsymbol"):
                continue
            else:
                width += {"sum": 1.45, "": 0.17, "quad": 1.0, "partial": 0.55}.get(command, 0.6) * scale
        elif char != " ":
            width += (1.3 if char in "+=-" and scale == 1.0 else 0.35 if char in "()[],'" else 0.55) * scale
        scale = 1.0
    return width, at


def folded(text: str, limit: float) -> list[str]:
    """One formula on several lines, parted before an operator, outside brackets if there is such a place."""
    lines: list[str] = []
    while breadth(text) > 1.1 * limit:
        fits = [(level, at) for level, at in openings(text) if 0.4 * limit < breadth(text[:at]) <= limit]
        if not fits:
            break
        at = min(fits, key=lambda place: (place[0], -place[1]))[1]
        lines.append(text[:at])
        text = "{}" + text[at:].lstrip()
    return [*lines, text]


def openings(text: str) -> list[tuple[int, int]]:
    """Where a line may end: (how many round brackets are open, place), never inside a group or an environment."""
    found: list[tuple[int, int]] = []
    group = level = 0
    for place, char in enumerate(text):
        rest, before = text[place:], text[:place].rstrip()[-1:]
        group += (char == "{") - (char == "}") + rest.startswith("\\begin{") - rest.startswith("\\end{")
        level += (char in "([") - (char in ")]")
        operator = char in "+-" and before not in ("", "(", "[", "{", ",", "&")
        if group == 0 and (operator or rest.startswith(("\\odot ", "\\oslash "))):
            found.append((level, place))
    return found

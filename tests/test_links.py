"""Links of the documents lead somewhere, and files that they name exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = "derive|codegen|verify|gradproof|generated|tests|docs|benchmarks|examples"
EVERY_DOCUMENT = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)


def prose(path: Path) -> str:
    """The text outside of code blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """What a link may name after the `#`: the headings, in small letters, with hyphens."""
    headings = re.findall(r"^#+ (.*)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EVERY_DOCUMENT
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", prose(path)):
        if "://" not in link:
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@EVERY_DOCUMENT
def test_files_that_are_named_exist(path: Path) -> None:
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", prose(path))
    assert not [name for name in named if not (ROOT / name).exists()]


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n")
    for text in ("[gone](gone.md)", "[gone](#two)"):
        page.write_text(f"# One\n[here](#one) {text}\n")
        with pytest.raises(AssertionError, match=r"gone\.md|#two"):
            test_links_lead_somewhere(page)

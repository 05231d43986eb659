"""Gradients in NumPy judged against a cost in NumPy, with no model: right ones are accepted, wrong ones are not."""

import linecache
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import IMPLEMENTATIONS, MISTAKES, Implementation, points

from derive.errors import ModelError
from verify.foreign.check import check_gradient
from verify.foreign.illustration import swept
from verify.foreign.verdict import Verdict

NUMPY = {name: one for name, one in IMPLEMENTATIONS.items() if one.needs == "numpy"}
X = np.random.default_rng(1).normal(size=(5, 3))
Y = np.random.default_rng(2).normal(size=5)
W = np.random.default_rng(3).normal(size=3)


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def loaded(text: str, file: Path) -> dict[str, Any]:
    file.write_text(text)
    linecache.checkcache(str(file))
    return runpy.run_path(str(file))


def judged(one: Implementation, kind: str, folder: Path, text: str | None = None, around: bool = True) -> Verdict:
    """The verdict on an implementation, or on an edited text of it against the cost of the right one."""
    right = loaded(one.path.read_text(), folder / "right.py")
    function = right[one.function]

    def first(*args: Any) -> Any:
        return function(*args)[0]

    cost: Callable[..., Any] = right[one.cost] if one.cost else first
    gradient = function if text is None else loaded(text, folder / "edited.py")[one.function]
    return check_gradient(gradient, cost=cost, at=one.arguments(points(one.name, 0, kind).values), around=around)


@pytest.mark.parametrize("name", NUMPY)
def test_right_code_is_accepted_at_points_where_checkers_fail(name: str, tmp_path: Path) -> None:
    one = NUMPY[name]
    for kind in one.kinds:
        verdict = judged(one, kind, tmp_path)
        assert verdict.good and verdict.white and verdict.digits > 20, f"{kind}: {verdict}"


@pytest.mark.parametrize("name", NUMPY)
def test_mistakes_are_found(name: str, tmp_path: Path) -> None:
    mistakes = [m for m in MISTAKES if m.implementation == name and m.wrong != ("J",)]  # another cost is not judged
    for mistake in mistakes:
        text = mistake.edited(NUMPY[name].path.read_text())
        verdict = judged(NUMPY[name], "ordinary", tmp_path, text, around=not mistake.wrong)
        assert verdict.failures, f"{mistake.name}: {verdict}"


def squares(w, b, x, y, lam):
    e = x @ w + b - y
    return np.sum(e**2) / len(y) + lam * np.sum(w**2)


def slopes(w, b, x, y, lam):
    e = x @ w + b - y
    return 2 * x.T @ e / len(y) + 2 * lam * w, 2 * np.mean(e)


POINT = (W, 0.5, X, Y, 0.1)


def test_a_tuple_of_arguments_and_a_tuple_of_gradients() -> None:
    verdict = check_gradient(slopes, cost=squares, at=POINT)
    assert verdict.good and verdict.white and verdict.digits > 40
    assert "squares, by w, b: right" in str(verdict)


def test_a_point_may_give_arguments_by_name_and_there_may_be_several() -> None:
    named = dict(zip(("w", "b", "x", "y", "lam"), POINT, strict=True))
    one = check_gradient(slopes, cost=squares, at=named, around=False)
    two = check_gradient(slopes, cost=squares, at=[POINT, (2 * W, 0.0, X, Y, 0.0)], around=False)
    assert one.good and one.points == 1 and two.good and two.points == 2


def wrong(kind: str) -> Callable[..., Any]:
    def gradient(w, b, x, y, lam):
        dw, db = slopes(w, b, x, y, lam)
        if kind == "sign":
            return -dw, db
        if kind == "factor":
            return dw * len(y), db
        if kind == "one element":
            dw[1] *= 1 + 1e-12
        if kind == "missing term":
            dw -= 2 * lam * w
        if kind == "modified input":
            x -= x.mean()
        return dw, db

    return gradient


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("sign", "GP101"),
        ("factor", "GP101"),
        ("one element", "GP101"),
        ("missing term", "GP101"),
        ("modified input", "GP107"),
    ],
)
def test_what_is_wrong_is_named(kind: str, code: str) -> None:
    verdict = check_gradient(wrong(kind), cost=squares, at=POINT)
    assert not verdict.good and codes(verdict) == [code], str(verdict)
    assert kind != "one element" or verdict.findings[0].block == "d.w[1]"


class Counting:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, w, b, x, y, lam):
        self.calls += 1
        dw, db = slopes(w, b, x, y, lam)
        return dw * self.calls, db


def test_state_is_found() -> None:
    assert "GP106" in codes(check_gradient(Counting(), cost=squares, at=POINT))


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_slope(x):
    d = np.zeros_like(x)
    for k in range(len(x) - 1):
        d[k] += -400 * x[k] * (x[k + 1] - x[k] ** 2) - 2 * (1 - x[k])
        d[k + 1] += 200 * (x[k + 1] - x[k] ** 2)
    return d


@pytest.mark.parametrize("at", [[-1.2, 1.0], [0, 2, -1], (np.array([1.0, 1.0]),), np.array([1e-12, 3e-12]), [[2, 1]]])
def test_functions_of_one_vector_as_optimisers_take_them(at: Any) -> None:
    at = (at[0],) if isinstance(at, list) and isinstance(at[0], list) else at
    verdict = check_gradient(rosenbrock_slope, cost=rosenbrock, at=at)
    assert verdict.good and verdict.white, str(verdict)


def flat_cost(theta, x):
    return np.sum(np.tanh(x @ theta.reshape(3, 2)) ** 2)


def parts(theta, x):
    a = np.tanh(x @ theta.reshape(3, 2))
    return (x.T @ (2 * a * (1 - a**2))).ravel()


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e3])
def test_tiny_and_saturated_numbers(scale: float) -> None:
    theta = scale * np.linspace(-1, 1.5, 6)
    verdict = check_gradient(parts, cost=flat_cost, at=(theta, X))
    assert verdict.good and verdict.white, str(verdict)


def test_badly_scaled_parts_of_one_vector() -> None:
    def cost(v):
        return np.sum(v**4)

    def right(v):
        return 4 * v**3

    def half_of_the_smallest(v):
        d = 4 * v**3
        d[0] /= 2
        return d

    at = (np.array([1e-6, 1.0, 1e6]),)
    assert check_gradient(right, cost=cost, at=at).good
    assert codes(check_gradient(half_of_the_smallest, cost=cost, at=at)) == ["GP101"]


def lasso(w, lam):
    return np.sum((w - 1) ** 2) + lam * np.sum(np.abs(w))


def by_sign(w, lam):
    return 2 * (w - 1) + lam * np.sign(w)


def by_side(w, lam):
    return 2 * (w - 1) + lam * np.where(w >= 0, 1, -1)


def beyond(w, lam):
    return 2 * (w - 1) + lam * np.where(w == 0, 2, np.sign(w))


def test_at_a_kink_subgradients_are_legal_and_others_are_not() -> None:
    at = (np.array([1.0, 0.0, -2.0]), 0.3)
    assert check_gradient(by_sign, cost=lasso, at=at).good
    legal = check_gradient(by_side, cost=lasso, at=at)
    assert legal.good and codes(legal) == ["GP104"], str(legal)
    assert codes(check_gradient(beyond, cost=lasso, at=at)) == ["GP105"]


def test_a_threshold_beside_the_kink_is_found() -> None:
    def cost(w, x):
        return np.sum(np.maximum(x @ w, 0) ** 2 + np.maximum(x @ w, 0))

    def gradient(w, x):
        z = x @ w
        return x.T @ ((2 * z + 1) * (z > 1e-6))

    verdict = check_gradient(gradient, cost=cost, at=(W, X))
    assert codes(verdict) == ["GP101"] and "kink" in verdict.findings[0].where, str(verdict)


def test_what_is_zero_everywhere_is_untested() -> None:
    def cost(w, x):
        return np.sum(np.maximum(x @ w, 0)) + np.sum(w[:0])

    def gradient(w, x):
        return x.T @ (x @ w > 0)

    verdict = check_gradient(gradient, cost=cost, at=(W, 0 * X))
    assert codes(verdict) == ["GP110"] and verdict.word == "UNDECIDED"


def nuclear(a):
    return np.linalg.svd(a, compute_uv=False).sum()


def nuclear_slope(a):
    u, _, v = np.linalg.svd(a, full_matrices=False)
    return u @ v


def test_a_cost_that_does_not_run_on_balls_leaves_differences() -> None:
    undecided = check_gradient(nuclear_slope, cost=nuclear, at=(X,))
    assert codes(undecided) == ["GP114"] and not undecided.good
    accepted = check_gradient(nuclear_slope, cost=nuclear, at=(X,), accept="differences")
    assert accepted.good and accepted.digits >= 6 and any("GP114" in note for note in accepted.notes)


def test_differences_reject_what_lies_beyond_their_bars() -> None:
    def gradient(a):
        return nuclear_slope(a) * (1 + 1e-6)

    assert codes(check_gradient(gradient, cost=nuclear, at=(X,), accept="differences")) == ["GP102"]


def distance(a, scale):
    return np.sum(a * a) * scale + np.sum(np.exp(a))


def test_a_black_box_gradient_is_judged_by_rounding() -> None:
    def right(a, scale):
        u, s, v = np.linalg.svd(a, full_matrices=False)
        return 2 * ((u * s) @ v) * 0 + 2 * a * scale + np.exp(a)

    def off(a, scale):
        return right(a, scale) * (1 + 1e-12)

    good = check_gradient(right, cost=distance, at=(X, 0.7))
    assert good.good and not good.white, str(good)
    assert codes(check_gradient(off, cost=distance, at=(X, 0.7))) == ["GP102"]


def test_float_in_the_cost_keeps_balls() -> None:
    def cost(w):
        total = 0.0
        for value in w:
            total += float(value) ** 2
        return float(total)

    def gradient(w):
        return 2 * w

    verdict = check_gradient(gradient, cost=cost, at=(W,))
    assert verdict.good and verdict.white, str(verdict)


def test_by_names_arguments_or_their_positions() -> None:
    def gradient(x, w):
        return 2 * w

    def cost(x, w):
        return np.sum(w**2) + 0 * np.sum(x)

    at = (W + 1, W)
    assert check_gradient(gradient, cost=cost, at=at).failures  # the first argument fits too
    for by in ("w", 1, ["w"], [-1]):
        assert check_gradient(gradient, cost=cost, at=at, by=by).good


def test_a_result_that_fits_nothing_says_so() -> None:
    def gradient(w, b, x, y, lam):
        return np.zeros((7, 7))

    assert codes(check_gradient(gradient, cost=squares, at=POINT)) == ["GP112"]
    assert codes(check_gradient(gradient, cost=squares, at=POINT, by="w")) == ["GP108"]


def test_another_cost_beside_the_gradient_is_found() -> None:
    def gradient(w, b, x, y, lam):
        return squares(w, b, x, y, lam) * (1 + 1e-9), *slopes(w, b, x, y, lam)

    assert codes(check_gradient(gradient, cost=squares, at=POINT)) == ["GP109"]


def test_names_at_the_top_of_a_file_are_not_run_again(tmp_path: Path) -> None:
    """A constant of the file and an argument may have the same name."""
    text = (
        "import numpy as np\n\nw = np.array([1.0])\n\n\ndef f(w):\n    return w @ w\n\n\ndef g(w):\n    return 2 * w\n"
    )
    made = loaded(text, tmp_path / "same.py")
    assert check_gradient(made["g"], cost=made["f"], at=(W,)).white


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cost": squares}, "points of yours"),
        ({"cost": squares, "at": (W, 1.0)}, "cannot be called"),
        ({"cost": squares, "at": POINT, "by": "v"}, "no argument 'v'"),
        ({"cost": squares, "at": (W * np.nan, 0.5, X, Y, 0.1)}, "not finite"),
        ({"at": POINT}, "nothing to judge by"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        check_gradient(slopes, **options)


ROOT = Path(__file__).parents[1]


def test_the_sample_of_the_documentation_gives_its_verdict(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = (ROOT / "docs" / "no_model.md").read_text()
    sample = text.partition("```python\n")[2].partition("```")[0]
    shown = text.partition("```text\n")[2].partition("```")[0]
    loaded(sample, tmp_path / "sample.py")
    said = capsys.readouterr().out
    assert said.startswith(shown) and "GP101 d.w[0]" in said


def logistic(w, x, y):
    return np.sum(np.log1p(np.exp(-y * (x @ w))))


def test_illustrations_lie_within_their_own_bars() -> None:
    sweep = swept(logistic, (W, X, np.sign(Y)), entry=1)
    assert sweep.best is not None and sweep.best.agrees(sweep.exact) and sweep.best.bar < 1e-6 * abs(sweep.exact)
    assert sweep.imaginary is not None and sweep.imaginary.agrees(sweep.exact)
    assert all(1.9 < order < 2.1 for order in sweep.orders[4:12])
    small = [k for k, step in enumerate(sweep.steps) if step < 1e-9]
    assert all(sweep.central[k] <= 2 * sweep.rounding[k] for k in small)


def test_a_picture_of_steps_is_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="draws with matplotlib, which the extra `examples` installs")
    from gradproof.picture import draw_sweep

    sweep = swept(logistic, (W, X, np.sign(Y)))
    for name in ("steps.png", "steps.pdf"):
        draw_sweep(sweep, tmp_path / name)
    assert (tmp_path / "steps.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "steps.pdf").read_bytes().startswith(b"%PDF")

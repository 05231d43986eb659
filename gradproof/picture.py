"""A picture of differences and Taylor remainders at many steps, with error bars; by matplotlib (extra `examples`)."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verify.foreign.illustration import Sweep

SMALLEST = 1e-17  # where an error of 0 is drawn


def draw_sweep(sweep: Sweep, file: Path) -> None:
    """A picture in the form that the name of the file says: PNG, PDF, SVG."""
    figure = Figure(figsize=(7, 7), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    draw_errors(above, sweep)
    draw_remainders(below, sweep)
    figure.savefig(file, dpi=150)


def draw_errors(axes: Axes, sweep: Sweep) -> None:
    """How far differences and the complex step lie from the derivative, each with its own error bar."""
    size = abs(sweep.exact) or 1.0
    bars = [r / size for r in sweep.rounding]
    lines = (("forward difference", sweep.forward, "o", "C0"), ("central difference", sweep.central, "s", "C1"))
    for name, errors, marker, color in lines:
        shown = [max(e / size, SMALLEST) for e in errors]
        label = f"{name}, what rounding allows"
        axes.errorbar(sweep.steps, shown, bars, fmt=marker, markersize=4, color=color, elinewidth=0.8, label=label)
    single = (("extrapolated over steps", sweep.best, "C2"), ("complex step", sweep.imaginary, "C3"))
    for name, found, color in single:
        if found is not None:
            error = max(abs(found.value - sweep.exact) / size, SMALLEST)
            axes.axhline(error, color=color, label=name)
            axes.axhline(max(found.bar / size, SMALLEST), color=color, linestyle=":", label="its own error bar")
    label = f"{sweep.entry[0]}{list(sweep.entry[1]) if sweep.entry[1] else ''}"
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylabel("relative error")
    axes.set_title(f"derivative by {label} = {sweep.exact:.6g}", fontsize="medium")
    axes.set_ylim(SMALLEST / 10, axes.get_ylim()[1] * 1e5)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small", loc="upper center", ncols=2)


def draw_remainders(axes: Axes, sweep: Sweep) -> None:
    """The Taylor remainder, and the noise of the cost, which is its error bar."""
    shown = [max(r, SMALLEST) for r in sweep.remainders]
    label = "|J(h) - J(0) - h J'(0)|, noise of the cost"
    axes.errorbar(sweep.steps, shown, sweep.noise, fmt="^", markersize=4, color="C4", elinewidth=0.8, label=label)
    square = [shown[0] * (h / sweep.steps[0]) ** 2 for h in sweep.steps]
    axes.loglog(sweep.steps, square, "--", color="grey", label="falls as h²")
    axes.set_ylim(max(min(shown), sweep.noise / 1e5), max(shown) * 1e3)
    axes.set_xlabel("step h")
    axes.set_ylabel("Taylor remainder")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small", loc="upper left")

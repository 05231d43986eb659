"""A picture of differences at many steps, and of their error bars. It needs matplotlib (extra `examples`)."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from verify.foreign.illustration import Sweep

SMALLEST = 1e-20  # where an error of 0 is drawn


def draw_sweep(sweep: Sweep, file: Path) -> None:
    """A picture in the form that the name of the file says: PNG, PDF, SVG."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    size = abs(sweep.exact) or 1.0
    lines = (("forward difference", sweep.forward, "o"), ("central difference", sweep.central, "s"))
    for name, errors, marker in lines:
        axes.loglog(sweep.steps, [max(e / size, SMALLEST) for e in errors], marker, markersize=4, label=name)
    axes.loglog(sweep.steps, [r / size for r in sweep.rounding], "--", color="grey", label="what rounding allows")
    if sweep.best is not None:
        error = max(abs(sweep.best.value - sweep.exact) / size, SMALLEST)
        axes.axhline(error, color="C2", label="extrapolated over steps")
        axes.axhline(sweep.best.bar / size, color="C2", linestyle=":", label="its own error bar")
    if sweep.imaginary is not None:
        error = max(abs(sweep.imaginary.value - sweep.exact) / size, SMALLEST)
        axes.axhline(error, color="C3", linestyle="-.", label="complex step")
    label = f"{sweep.entry[0]}{list(sweep.entry[1]) if sweep.entry[1] else ''}"
    axes.set_xlabel("step h")
    axes.set_ylabel("relative error")
    axes.set_title(f"derivative by {label} = {sweep.exact:.6g}", fontsize="medium")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small", loc="upper center", ncols=2)
    axes.set_ylim(top=axes.get_ylim()[1] * 1e3)
    figure.savefig(file, dpi=150)

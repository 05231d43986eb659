"""What can be found, by codes that never change: `gradproof explain CODE` prints a row.

GP1: somebody's own code against the equations. GP2: claims. GP3: our own derivation and code. GP4: stored files.
"""

from __future__ import annotations

from dataclasses import dataclass

ERROR, UNDECIDED, NOTE = "error", "undecided", "note"


@dataclass(frozen=True)
class Code:
    """One thing that can be found. `severity`: wrong, not known to be right, or worth knowing."""

    code: str
    severity: str
    name: str
    meaning: str
    cause: str
    remedy: str


CODES = (
    Code(
        "GP101",
        ERROR,
        "proved different",
        "The code ran on enclosures of exact numbers, and an entry of its gradient is not the derivative of the cost: "
        "the two enclosures have no number in common. No rounding and no tolerance can explain it.",
        "A mistake in the formula: a factor such as 1/m left out, a transposed or shifted index, a derivative taken at "
        "the wrong place, a penalty missing.",
        "Compare the block that is named with the equation that is named (`gradproof derive`).",
    ),
    Code(
        "GP102",
        ERROR,
        "differs beyond rounding",
        "The code could be run on floats only. An entry of its gradient differs from the derivative by more than the "
        "rounding of the formula can explain.",
        "A mistake in the formula, or a formula that loses its digits at this point.",
        "Compare the block with its equation; look at the point that is named for large or nearly equal numbers.",
    ),
    Code(
        "GP103",
        ERROR,
        "precision lost",
        "The formula is right in exact numbers, but the floats lie outside of what rounding of that formula's own "
        "operations explains, or keep fewer digits than the type has.",
        "A constant or an intermediate result of a smaller type, a difference of nearly equal numbers, an overflow "
        "that was caught.",
        "Keep one type throughout and use a stable form, such as the one that `gradproof generate` writes.",
    ),
    Code(
        "GP104",
        NOTE,
        "legal but undeclared subgradient",
        "At a kink the code takes a slope that lies between the slopes of both sides, but not the one that the model "
        "declares.",
        "Another convention at 0, such as relu'(0) = 1.",
        "Nothing, if the convention does not matter to you; otherwise take the slope that the model has.",
    ),
    Code(
        "GP105",
        ERROR,
        "not a subgradient",
        "At a kink the code takes a slope that does not lie between the slopes of both sides.",
        "A comparison that is turned round, both branches counted at a tie, or neither.",
        "Check what the code does where the two sides of a comparison are equal.",
    ),
    Code(
        "GP106",
        ERROR,
        "two calls differ",
        "The same arguments gave two different results.",
        "Random numbers, such as dropout, or state that the first call left behind: a cache, a counter, a buffer.",
        "Make the function depend on its arguments alone; pass random numbers or masks as data.",
    ),
    Code(
        "GP107",
        ERROR,
        "input modified",
        "The call changed an array that was passed to it.",
        "An operation in place, such as `x -= x.mean()`, on an argument or on a view of one.",
        "Work on a new array: `x = x - x.mean()`.",
    ),
    Code(
        "GP108",
        ERROR,
        "missing or strange shape",
        "The gradient has no entry where the parameter has one, or entries where it has none.",
        "A parameter left out, a sum over the wrong axis, an axis that was broadcast or lost.",
        "Return for every parameter an array of its own shape.",
    ),
    Code(
        "GP109",
        ERROR,
        "cost differs",
        "The value of the cost is not that of the model, so its gradient is that of another function.",
        "Another mean or factor, a missing penalty, another base of a logarithm.",
        "Make the cost equal to the objective of the model first.",
    ),
    Code(
        "GP110",
        UNDECIDED,
        "untested",
        "A block of the gradient is 0 at every point that was tried, so that a wrong formula would not have shown.",
        "Dead units, a saturated function, a branch that no point reaches.",
        "Give data or sizes at which the block is not 0.",
    ),
    Code(
        "GP111",
        UNDECIDED,
        "undecided",
        "A comparison could not be decided: an enclosure holds both answers, or no point was found at which all is "
        "defined.",
        "Numbers that nearly coincide, an equation without a value at most points, a condition that is left open.",
        "Read the reason that is given; narrow the data, or declare what is known of it.",
    ),
    Code(
        "GP112",
        UNDECIDED,
        "layout not found",
        "It is not known how the arguments or results of the code correspond to parameters and data of the model.",
        "Other names, a vector that holds all parameters, samples in columns, shapes that fit in several ways.",
        "State the layout.",
    ),
    Code(
        "GP113",
        ERROR,
        "the code raises",
        "The code raised an error on arguments that the model allows.",
        "A size that it does not expect, such as one sample or one unit; a wrong type or name.",
        "Run the code at the sizes that are named.",
    ),
    Code(
        "GP114",
        UNDECIDED,
        "agrees within differences only",
        "Nothing stronger than numerical differences could be used. They agree within their own error, which is large "
        "enough to hide a mistake.",
        "Code that runs neither on enclosures nor on floats whose rounding is known.",
        "Write the function with NumPy operations on its arguments.",
    ),
    Code(
        "GP201",
        ERROR,
        "claim refuted",
        "An identity that was claimed does not hold: there is a point, which is named, at which both sides differ.",
        "A sign, a factor or a condition that is missing.",
        "Evaluate both sides at the point; correct the claim or state its condition.",
    ),
    Code(
        "GP202",
        UNDECIDED,
        "claim undecided",
        "A claim was neither proved nor refuted.",
        "Both sides are defined at too few points, or are nearly equal everywhere.",
        "State the ranges in which it is meant, or claim it in smaller steps.",
    ),
    Code(
        "GP301",
        ERROR,
        "a derivation step is not believed",
        "A step of the derivation, or a derived equation as a whole, has another value than the true derivative.",
        "A defect of gradproof, or an equation that has no value somewhere: the logarithm of a negative number.",
        "Look at the place that is named; if the model is defined there, report it with the model.",
    ),
    Code(
        "GP302",
        ERROR,
        "generated code disagrees with the derivation",
        "The generated code gives another number than the derived equations.",
        "A defect of gradproof, or a model without a value somewhere.",
        "Do not use the code; report it with the model.",
    ),
    Code(
        "GP303",
        ERROR,
        "differences disagree",
        "Central differences of the generated cost lie further from the derivative than their own error.",
        "A kink close to the point, a defect of gradproof, or a cost that has large derivatives of higher order.",
        "See whether another code says which side is wrong; report it with the model.",
    ),
    Code(
        "GP304",
        ERROR,
        "a mutant survived",
        "A fault was planted in the generated code, and the checks did not notice it: they are not sharp enough there.",
        "A place that few points reach, or floats where enclosures could not be used.",
        "Read the line that is named by hand; report it with the model.",
    ),
    Code(
        "GP305",
        UNDECIDED,
        "never seen alive",
        "A derived equation was 0 wherever it was looked at, or a step was never visited, so that nothing was checked.",
        "A branch or a region that no random point or size reaches.",
        "See whether the equation can be other than 0; declare the sizes or the data at which it is.",
    ),
    Code(
        "GP401",
        ERROR,
        "stale",
        "A generated file is as it was written, but the equations or this tool give another one now.",
        "The model was changed, or gradproof was updated.",
        "Run `gradproof generate` and commit what it writes.",
    ),
    Code(
        "GP402",
        ERROR,
        "edited",
        "A generated file was changed by hand.",
        "A correction that should stand in the model, a merge, a formatter.",
        "Move the change into the model; `gradproof generate --force` overwrites the file.",
    ),
    Code(
        "GP403",
        ERROR,
        "missing",
        "A file that the models give is not there.",
        "A new model, or a file that was removed.",
        "Run `gradproof generate` and commit what it writes.",
    ),
    Code(
        "GP404",
        ERROR,
        "orphan",
        "A generated file is there that no model gives.",
        "A model that was removed or renamed.",
        "Run `gradproof generate` without names, which removes it.",
    ),
)


def code(name: str) -> Code:
    """The row of a code, in capitals or not. KeyError if there is none."""
    return {row.code: row for row in CODES}[name.upper()]


def named(name: str) -> str:
    """What a code is called. KeyError if there is none."""
    return code(name).name

"""Names of functions, constants and operations in NumPy, and how tightly each binds."""

from __future__ import annotations

from codegen.program.special import BY_HEAD
from derive.values.affine import Index

COMPARISON, SUM, MATMUL, PRODUCT, POWER, ATOM = range(6)

UFUNCS = """exp log sqrt sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh expm1 log1p abs sign
floor maximum minimum""".split()
RENAMED = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "Abs": "abs", "ceiling": "ceil", "Max": "maximum", "Min": "minimum", "atan2": "arctan2",
}  # fmt: skip
FUNCTIONS = (
    {name: f"np.{name}" for name in UFUNCS}
    | {name: f"np.{numpy}" for name, numpy in RENAMED.items()}
    | {head: row.code for head, row in BY_HEAD.items()}
)
MATH = {f"np.{name}": f"math.{name}" for name in "exp log sqrt sin cos tan sinh cosh tanh expm1 log1p floor".split()}
MATH |= {f"np.arc{name}": f"math.a{name}" for name in "sin cos tan sinh cosh tanh".split()}
MATH |= {"special.erf": "math.erf", "special.erfc": "math.erfc", "special.gamma": "math.gamma"}
MATH |= {"special.gammaln": "math.lgamma", "special.loggamma": "math.lgamma", "np.arctan2": "math.atan2"}
MATH |= {"np.abs": "abs", "np.maximum": "max", "np.minimum": "min"}  # of plain numbers: a NumPy float would be float64
LONGEST = 116  # columns of a line with its comment after it
SCATTERED = "_scattered"
MATRIX_FUNCTIONS = {"inverse": "_inverse", "solve": "_solution", "logdet": "_logdet"}
CONSTANTS = {"pi": "math.pi", "E": "math.e", "EulerGamma": "np.euler_gamma", "oo": "np.inf"}
REDUCTIONS = {"+": "sum", "*": "prod"}
FOLDS = {"+": "sum", "*": "math.prod"}  # over a loop: plain numbers, if there is no term, take the type of arrays
OTHERS = "_others"
RUNNING = {"*": "np.cumprod", "others": OTHERS}
INFIX = {
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "<": COMPARISON,
    "<=": COMPARISON,
    ">": COMPARISON,
    ">=": COMPARISON,
    "==": COMPARISON,
    "!=": COMPARISON,
    "&": COMPARISON,
}


def turned(text: str, before: tuple[Index, ...], after: tuple[Index, ...]) -> str:
    """`x.T`, or `x.transpose(1, 0, 2)`."""
    if before == after:
        return text
    if before[::-1] == after:
        return f"{text}.T"
    return f"{text}.transpose({', '.join(str(before.index(x)) for x in after)})"

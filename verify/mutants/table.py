"""All operators."""

from verify.mutants.arithmetic import ARITHMETIC
from verify.mutants.arrays import ARRAYS
from verify.mutants.functions import FUNCTIONS
from verify.mutants.places import PLACES
from verify.mutants.statements import STATEMENTS

OPERATORS = (*ARITHMETIC, *ARRAYS, *FUNCTIONS, *PLACES, *STATEMENTS)

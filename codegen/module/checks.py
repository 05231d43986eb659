"""The texts of functions that check arguments: numbers, integers, numbers of steps."""

from __future__ import annotations


def scalar_blocks(has_scalars: bool) -> dict[str, str]:
    """What `_check` does with parameters and data of one number: Python's numbers take the type of the arrays."""
    if not has_scalars:
        return {"known": "known, dtype = {}, None", "scalar_check": "", "dtype_found": "dtype"}
    lines = [
        "if not sizes:",
        "    _number(name, array, np.dtype(float))",
        "    numbers.append(np.asarray(array).dtype)",
        "    continue",
    ]
    return {
        "known": "known, dtype, numbers = {}, None, []",
        "scalar_check": "".join(f"        {line}\n" for line in lines),
        "dtype_found": "dtype or np.result_type(np.float32, *numbers)",
    }


NUMBER = '''def _number(name, value, dtype):
    """A finite number in the type of the arrays, so that it does not change theirs."""
    if np.ndim(value) or np.asarray(value).dtype.kind not in "iuf" or not np.isfinite(dtype.type(value)):
        raise ValueError(f"{name} must be a finite number, not {value!r}")
    return dtype.type(value)'''

COUNT = '''def _count(name, value):
    """A number of steps. Raises an error that names the argument unless it is an integer of at least 1."""
    if not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, but is {value}")
    return int(value)'''

PLACES = '''def _places(name, array, count, dtype):
    """Zeros in the shape of an array of integers 0..count - 1. Raises an error that names the argument otherwise."""
    if not isinstance(array, (int, np.ndarray, np.integer)):
        raise TypeError(f"{name} must be a NumPy array, not {type(array).__name__}")
    array = np.asarray(array)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{name} must hold integers, not {array.dtype}")
    if array.size and not (0 <= array.min() and array.max() < count):
        raise ValueError(f"{name} must hold integers 0..{count - 1}, but has {array.min()}..{array.max()}")
    return np.zeros(array.shape, dtype)'''

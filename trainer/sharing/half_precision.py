"""Half precision: a `.keras` file of half the size, which Keras loads as any other, its weights rounded to 11 bits."""

import io

import numpy as np
import numpy.typing as npt

from nabi.networks.trained_model import WEIGHTS, read_members
from nabi.workspace import zips


def halved(data: bytes) -> bytes:
    """Returns a `.keras` file whose weights are stored as float16; Keras computes with them in the layers' precision.

    Args:
      data: a `.keras` file.
    """
    # Keras brings it; packs in full precision do without.
    import h5py

    members = read_members(data)
    file = io.BytesIO()
    with h5py.File(io.BytesIO(members[WEIGHTS])) as whole, h5py.File(file, "w") as half:
        _copy(whole, half)
    packed = io.BytesIO()
    zips.write(packed, {**members, WEIGHTS: file.getvalue()})
    return packed.getvalue()


def rounded(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Rounds floats to float16; leaves tables of whole numbers and what float16 cannot hold as they are.

    >>> rounded(np.array([0.1, 2.0], np.float32)).dtype, rounded(np.array([1.0, 4097.0], np.float32)).dtype
    (dtype('float16'), dtype('float32'))
    """
    if not np.issubdtype(values.dtype, np.floating):
        return values
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    is_table = np.array_equal(values, np.round(values)) and not np.array_equal(half, values)
    return values if is_table or not np.all(np.isfinite(half)) else half


def _copy(source: "h5py.Group", target: "h5py.Group") -> None:  # noqa: F821
    """Copies a group, its attributes and all below it in the order of names."""
    import h5py

    for key in sorted(source.attrs):
        target.attrs[key] = source.attrs[key]
    for name in sorted(source):
        child = source[name]
        if isinstance(child, h5py.Group):
            _copy(child, target.create_group(name))
        else:
            target.create_dataset(name, data=rounded(child[()]))

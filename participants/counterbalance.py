"""Orders of conditions over a session's blocks, balanced over participants, and their keys."""

from typing import Literal

from study.errors import InputError

Design = Literal["williams", "latin"]


def latin_square(n: int) -> list[list[int]]:
    """Order conditions so that each one is once in each place.

    Parameters
    ----------
    n : int
        Number of conditions, 1 or more.

    Returns
    -------
    list of list of int
        n rows of the conditions 0 to n - 1, each row moved on by one.

    Examples
    --------
    >>> latin_square(3)
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    return [[(place + row) % n for place in range(n)] for row in range(n)]


def williams_design(n: int) -> list[list[int]]:
    """Order conditions so that each one is as often in each place, and after each other one.

    Parameters
    ----------
    n : int
        Number of conditions, 1 or more.

    Returns
    -------
    list of list of int
        Rows of the conditions 0 to n - 1: n rows where n is even (and for n = 1), else 2 n, of
        which the second half are the first ones backwards.

    References
    ----------
    Williams (1949), Experimental designs balanced for the estimation of residual effects of
    treatments, Australian Journal of Scientific Research A 2(2):149-168.

    Examples
    --------
    >>> williams_design(4)
    [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]]
    """
    # 0, 1, n-1, 2, n-2 ...: the steps between neighbours are all different.
    first = [(place + 1) // 2 if place % 2 else -(place // 2) % n for place in range(n)]
    rows = [[(condition + row) % n for condition in first] for row in range(n)]
    return rows if n % 2 == 0 or n == 1 else rows + [row[::-1] for row in rows]


def design_rows(n_conditions: int, design: Design) -> list[list[int]]:
    """Give the rows that participants take in turn.

    Parameters
    ----------
    n_conditions : int
        Number of conditions; without any there is one empty row.
    design : {"williams", "latin"}
        Which design.

    Returns
    -------
    list of list of int
        Each row the order of the conditions, as their places in the settings.
    """
    if not n_conditions:
        return [[]]
    return williams_design(n_conditions) if design == "williams" else latin_square(n_conditions)


def block_conditions(row: list[str], n_blocks: int) -> list[str]:
    """Give each block its condition: the row again and again.

    Each pass is balanced over participants as the row is, and no condition follows itself where
    two passes join, as it would if every other pass went backwards.

    Parameters
    ----------
    row : list of str
        The conditions in the order of a row of a design.
    n_blocks : int
        Number of blocks, a multiple of the number of conditions.

    Returns
    -------
    list of str
        The condition of each block.

    Raises
    ------
    InputError
        If the conditions do not fill the blocks.

    Examples
    --------
    >>> block_conditions(["brief", "long"], 4)
    ['brief', 'long', 'brief', 'long']
    """
    if n_blocks % len(row):
        raise InputError(
            f"Each condition must have as many blocks as any other, but {n_blocks} blocks are no "
            f"multiple of {len(row)} conditions. Change [participants] blocks, or the conditions "
            "in [experiment.conditions]."
        )
    return row * (n_blocks // len(row))


def key_shift(number: int, n_rows: int, n_keys: int) -> int:
    """Tell by how many expressions a participant's keys are moved on.

    The next participant's keys are moved on by one. Where that would tie keys to rows of the
    design, each further round of the rows moves them on by one more, so that every row comes
    with every shift.

    Parameters
    ----------
    number : int
        The participant's place in the register, from 0.
    n_rows : int
        Rows of the design, which are taken in turn.
    n_keys : int
        Number of keys, a prime number.

    Returns
    -------
    int
        From 0 to n_keys - 1.

    Examples
    --------
    >>> [key_shift(number, 1, 7) for number in range(9)]
    [0, 1, 2, 3, 4, 5, 6, 0, 1]
    >>> [key_shift(number, 7, 7) for number in range(6, 9)]
    [6, 1, 2]
    """
    extra = number // n_rows if n_rows % n_keys == 0 else 0
    return (number + extra) % n_keys

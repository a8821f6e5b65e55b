"""Arguments of explanations: what each means, its default, and what it may be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from study.errors import InputError

Value = float | int | str | bool


@dataclass(frozen=True)
class Argument:
    """An argument of a method of explanation.

    Parameters
    ----------
    kind : {"number", "whole", "yes_no", "text"}
        What it is.
    meaning : str
        What it does, with its unit.
    default : float, int, str, bool or None, default None
        None where the method finds a value by itself, or must be given one.
    low, high : float, default minus and plus infinity
        The range of a number.
    above : bool, default False
        Whether ``low`` itself is refused.
    words : tuple of str, default ()
        A text must be one of these; a number may be one of them in place of a number.
    required : bool, default False
        Whether it must be given.
    """

    kind: Literal["number", "whole", "yes_no", "text"]
    meaning: str
    default: Value | None = None
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    words: tuple[str, ...] = ()
    required: bool = False

    def read(self, value: Any) -> Value:
        """Turn a value into what the method takes.

        Parameters
        ----------
        value : object
            From the settings or the command line.

        Returns
        -------
        float, int, str or bool
            Of this argument's kind.

        Raises
        ------
        ValueError
            If it is none.
        """
        if isinstance(value, str) and value in self.words:
            return value
        if self.kind == "text":
            if isinstance(value, str) and not self.words:
                return value
        elif self.kind == "yes_no":
            if value in (0, 1, "true", "false"):
                return value in (1, "true")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            fits = self.low < value if self.above else self.low <= value
            whole = self.kind == "number" or float(value).is_integer()
            if math.isfinite(value) and fits and value <= self.high and whole:
                return float(value) if self.kind == "number" else int(value)
        raise ValueError(value)

    def rule(self) -> str:
        """Say what a value must be.

        Returns
        -------
        str
            Such as ``a whole number of 1 or greater``.
        """
        words = " or ".join(repr(word) for word in self.words)
        if self.kind == "text":
            return words or "a text"
        if self.kind == "yes_no":
            return "0 (no) or 1 (yes)"
        text = "a whole number" if self.kind == "whole" else "a number"
        if math.isfinite(self.high):
            text += f" from {self.low:g} to {self.high:g}"
        elif math.isfinite(self.low):
            text += f" over {self.low:g}" if self.above else f" of {self.low:g} or greater"
        return f"{text}, or {words}" if words else text

    def described(self, name: str) -> str:
        """Describe the argument in a line.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        str
            Name, default, meaning and range.
        """
        if self.required:
            default = "to be given"
        elif self.default is None:
            default = "by itself"
        else:
            default = repr(int(self.default) if self.kind == "yes_no" else self.default)
        return f"{name} = {default}: {self.meaning}; {self.rule()}"


def resolve_arguments(
    method: str, declared: Mapping[str, Argument], given: Mapping[str, Any]
) -> dict[str, Value]:
    """Check arguments and fill in defaults.

    Parameters
    ----------
    method : str
        The method's name, for messages.
    declared : mapping of str to Argument
        What it takes.
    given : mapping
        What is asked for.

    Returns
    -------
    dict
        Every argument that has a value, in the order in which they are declared.

    Raises
    ------
    InputError
        If there is no such argument, a value is none of its kind, or one is missing.

    Examples
    --------
    >>> steps = Argument("whole", "points on the line", 32, low=1)
    >>> resolve_arguments("integrated_gradients", {"steps": steps}, {})
    {'steps': 32}
    """
    for name in given:
        if name not in declared:
            raise InputError(
                f"{method} takes the arguments {', '.join(declared) or 'none'}, but got "
                f"{name!r}. Leave it out."
            )
    values: dict[str, Value] = {}
    for name, argument in declared.items():
        if name in given:
            try:
                values[name] = argument.read(given[name])
            except ValueError as error:
                raise InputError(
                    f"The argument {name} of {method} ({argument.meaning}) must be "
                    f"{argument.rule()}, but it is {given[name]!r}. Correct it."
                ) from error
        elif argument.default is not None:
            values[name] = argument.default
        elif argument.required:
            raise InputError(
                f"{method} must be given the argument {name} ({argument.meaning}), "
                f"{argument.rule()}, but it was left out. Add --argument {name}=VALUE, or set it "
                "in [cnn] method_arguments."
            )
    return values

"""Keys of the Display PC as the EyeLink knows them."""

from typing import Any

import pylink

_NAMED = {
    "return": pylink.ENTER_KEY,
    "enter": pylink.ENTER_KEY,
    "escape": pylink.ESC_KEY,
    "up": pylink.CURS_UP,
    "down": pylink.CURS_DOWN,
    "left": pylink.CURS_LEFT,
    "right": pylink.CURS_RIGHT,
    "pageup": pylink.PAGE_UP,
    "pagedown": pylink.PAGE_DOWN,
    **{f"f{number}": getattr(pylink, f"F{number}_KEY") for number in range(1, 11)},
    "space": ord(" "),
    "backspace": 8,
    "tab": 9,
    "plus": ord("+"),
    "add": ord("+"),
    "equal": ord("="),
    "minus": ord("-"),
    "subtract": ord("-"),
    "comma": ord(","),
    "period": ord("."),
    "slash": ord("/"),
}
#: The bits that pylink takes from the SDL library, by pyglet's name of the key.
_MODIFIERS = {
    "LSHIFT": 0x0001,
    "RSHIFT": 0x0002,
    "LCTRL": 0x0040,
    "RCTRL": 0x0080,
    "LALT": 0x0100,
    "RALT": 0x0200,
}


def eyelink_key(name: str) -> int | None:
    """Translate a key.

    Parameters
    ----------
    name : str
        PsychoPy's name of the key.

    Returns
    -------
    int or None
        The tracker's code; None for keys that mean nothing to it.

    Examples
    --------
    >>> eyelink_key("c") == ord("c"), eyelink_key("pageup") == pylink.PAGE_UP
    (True, True)
    >>> eyelink_key("lshift") is None
    True
    """
    return ord(name) if len(name) == 1 and name.isascii() else _NAMED.get(name)


class Modifiers:
    """Which of Shift, Ctrl and Alt are held.

    Parameters
    ----------
    window_handle : psychopy.visual.Window
        The window that has the keyboard.
    """

    def __init__(self, window_handle: Any) -> None:
        from pyglet.window import key

        self._codes = {getattr(key, name): bit for name, bit in _MODIFIERS.items()}
        self._held = key.KeyStateHandler()
        window_handle.winHandle.push_handlers(self._held)

    def bits(self) -> int:
        """Give them in the bits of pylink.

        Returns
        -------
        int
            0 where none is held.
        """
        return sum(bit for code, bit in self._codes.items() if self._held[code])

"""How people answer: a row of labels under the face, by key or by a click."""

from collections.abc import Mapping

from experiment.keys import KeyPress
from experiment.window import Window
from stimuli.frames import Rect

_LABEL_WIDTH, _LABEL_HEIGHT = 7.5, 2.2  # heights of the letters


class Labels:
    """The row of expressions, in the order of their keys, and the answers that it takes.

    Parameters
    ----------
    keys : mapping of str to str
        Key by expression, in the order of the keyboard, as in the plan.
    names : mapping of str to str
        What the participant reads for each expression.
    by_mouse : bool
        Whether labels are clicked; a simulated participant presses the label's key instead.
    """

    def __init__(
        self, keys: Mapping[str, str], names: Mapping[str, str], *, by_mouse: bool
    ) -> None:
        self.expression_of = {key: expression for expression, key in keys.items()}
        self.by_mouse = by_mouse
        self.texts = [
            names[expression] if by_mouse else f"{key}  {names[expression]}"
            for expression, key in keys.items()
        ]

    def draw(self, window: Window, picture: Rect) -> None:
        """Draw the row.

        Parameters
        ----------
        window : Window
            Where to draw.
        picture : Rect
            The face, under which the row is centred.
        """
        for text, place in zip(self.texts, self.places(window, picture), strict=True):
            x_px = place.x_px + (place.width_px - 1) / 2
            y_px = place.y_px + (place.height_px - 1) / 2
            if self.by_mouse:
                window.draw.frame(place)
            window.draw.text(text, x_px, y_px, window.settings.label_height_px)

    def places(self, window: Window, picture: Rect) -> list[Rect]:
        """Give the rectangles of the labels on the screen.

        Parameters
        ----------
        window : Window
            Its screen, and the size of letters.
        picture : Rect
            The face.

        Returns
        -------
        list of Rect
            From left to right, within the screen.
        """
        letter_px = window.settings.label_height_px
        screen = window.screen
        step_px = min(_LABEL_WIDTH * letter_px, screen.width_px / len(self.texts))
        width_px, height_px = 0.94 * step_px, _LABEL_HEIGHT * letter_px
        middle_px = picture.x_px + (picture.width_px - 1) / 2
        half_row_px = step_px * len(self.texts) / 2
        middle_px = min(max(middle_px, half_row_px), screen.width_px - half_row_px)
        y_px = min(
            picture.y_px + picture.height_px + 1.4 * letter_px, screen.height_px - height_px - 1
        )
        left_px = middle_px - half_row_px + (step_px - width_px) / 2
        return [
            Rect(left_px + index * step_px, y_px, width_px, height_px)
            for index in range(len(self.texts))
        ]

    def take(self, window: Window, picture: Rect) -> KeyPress | None:
        """Give the answer if there is one.

        Parameters
        ----------
        window : Window
            Where keys are pressed and labels are clicked.
        picture : Rect
            The face.

        Returns
        -------
        KeyPress or None
            The label's key, and when it was pressed or clicked; None without an answer.
        """
        if not self.by_mouse:
            return window.take_key(self.expression_of)
        click = window.take_click()
        if click is not None:
            for key, place in zip(self.expression_of, self.places(window, picture), strict=True):
                if place.contains((click.x_px, click.y_px)):
                    return KeyPress(key, click.time_s)
        return window.take_outside_key(self.expression_of)

"""Whether degrees can be trusted: what recordings say of screen and pictures, and the settings."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gaze_analysis.picture_place import fixation_frame
from gaze_analysis.trial_content import RECT
from stimuli.frames import Screen, screen_from
from study.folder import Study
from study.progress import say
from study.tables import read_table

# GAZE_COORDS end at the last pixel or just after it.
_SAME_SCREEN_PX = 1.0
_SAME_SIZE = 0.02
_MOST_NAMES = 3


def screen_difference_px(display: pd.DataFrame, screen: Screen) -> pd.Series:
    """Measure how far the screens of recordings are from the study's.

    Parameters
    ----------
    display : pandas.DataFrame
        display_width_px and display_height_px; missing where a recording does not say.
    screen : Screen
        The study's screen.

    Returns
    -------
    pandas.Series
        The larger difference of both sides, in px; NaN where a recording does not say.

    Examples
    --------
    >>> display = pd.DataFrame({"display_width_px": [1280.0], "display_height_px": [1024.0]})
    >>> screen_difference_px(display, Screen(1920, 1080, 53.0, 29.8, 70.0)).tolist()
    [640.0]
    """
    sides = display[["display_width_px", "display_height_px"]].astype(float)
    return (sides - [screen.width_px, screen.height_px]).abs().max(axis=1, skipna=False)


def is_other_screen(difference_px: float) -> bool:
    """Tell whether a difference of screens is more than how their last pixel is counted.

    Examples
    --------
    >>> is_other_screen(1.0), is_other_screen(640.0)
    (False, True)
    """
    return difference_px > _SAME_SCREEN_PX


def warn_of_degrees(study: Study) -> None:
    """Tell of recordings whose degrees cannot be right by the study's settings.

    Parameters
    ----------
    study : Study
        The study; without ``recordings.tsv`` and ``trials.tsv`` there is nothing to tell.
    """
    recordings, trials = (study.gaze_dir / f"{name}.tsv" for name in ("recordings", "trials"))
    if recordings.is_file():
        columns = {"participant_id": str, "display_width_px": float, "display_height_px": float}
        table = read_table(recordings, what="The recordings", columns=columns)
        _warn_of_screens(table, screen_from(study.settings.screen))
    if trials.is_file():
        sizes: dict[str, type] = dict.fromkeys(RECT, float)
        table = read_table(trials, what="The trials", columns={"participant_id": str} | sizes)
        _warn_of_pictures(study, table)


def _warn_of_screens(recordings: pd.DataFrame, screen: Screen) -> None:
    """Tell of recordings that were made for another screen than [screen] says."""
    others = recordings[screen_difference_px(recordings, screen) > _SAME_SCREEN_PX]
    for (width, height), own in others.groupby(["display_width_px", "display_height_px"]):
        say(
            f"warning: degrees are wrong: {_named(own['participant_id'])} looked at a screen of "
            f"{width:.0f} x {height:.0f} px, but [screen] of study.toml says {screen.width_px} x "
            f"{screen.height_px} px. Correct [screen], also width_cm, height_cm and distance_cm"
        )


def _warn_of_pictures(study: Study, trials: pd.DataFrame) -> None:
    """Tell of pictures that were shown larger or smaller than the frame of fixations."""
    shown = trials[["participant_id", *RECT[2:]]].dropna()
    if shown.empty:
        return
    frame = fixation_frame(study, trials)
    ratio = shown[RECT[2]] / frame.width_px
    other = np.abs(ratio - 1.0) > _SAME_SIZE
    if other.any():
        widths = shown.loc[other, RECT[2]]
        remedy = (
            "Correct [stimuli] picture_px"
            if study.crops_tsv.is_file()
            else "Maps and regions need pictures of one size"
        )
        say(
            f"warning: degrees in the picture are wrong for {int(other.sum())} of {len(shown)} "
            f"trials ({_named(shown.loc[other, 'participant_id'])}): their pictures were "
            f"{widths.min():.0f} to {widths.max():.0f} px wide on the screen, but the frame of "
            f"fixations is {frame.width_px:g} px wide. {remedy}"
        )


def _named(people: Iterable[str]) -> str:
    """Name some people, and count the others."""
    names = list(dict.fromkeys(people))
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more

"""What the study itself can say when its methods are reported: devices, settings, numbers."""

import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import pandas as pd

from gaze_analysis.quality_tables import SessionTables
from gaze_analysis.validations import recorded_blocks
from stimuli.frames import Screen

# ELCLCFG names the mount (EyeLink 1000 Plus User Manual; monocular names begin with M, or R).
_MOUNTS = {
    "MTABLER": "desktop mount, head stabilised, monocular",
    "BTABLER": "desktop mount, head stabilised, monocular or binocular",
    "RTABLER": "desktop mount, remote (target sticker, head free), monocular",
    "RBTABLER": "desktop mount, remote (target sticker, head free), monocular or binocular",
    "AMTABLER": "arm mount, head stabilised, monocular",
    "ABTABLER": "arm mount, head stabilised, monocular or binocular",
    "ARTABLER": "arm mount, remote (target sticker, head free), monocular",
    "ABRTABLE": "arm mount, remote (target sticker, head free), monocular or binocular",
    "TOWER": "tower mount, head stabilised, monocular",
    "BTOWER": "binocular tower mount, head stabilised",
    "MPRIM": "primate mount, head stabilised, monocular",
    "BPRIM": "primate mount, head stabilised, monocular or binocular",
    "MLRR": "long-range mount, head stabilised, monocular",
    "BLRR": "long-range mount, head stabilised, monocular or binocular",
}
_OWN_EVENTS = {
    "eyelink": "EyeLink's own events as recorded (parser settings of the host computer)",
    "tobii": "those of the Tobii export, found by the filter that was chosen there",
    "export": "those of the imported tables",
}
_PACKAGES = ("faceoff", "numpy", "scipy", "pandas")


@dataclass(frozen=True)
class StudyFacts:
    """Everything that the checklist and the methods text are filled from.

    Parameters
    ----------
    sessions : list of SessionTables
        The study's sessions.
    quality, validations : pandas.DataFrame
        ``quality.tsv`` and ``quality_validations.tsv``.
    exclusions : pandas.DataFrame
        ``exclusions.tsv``; empty where there is none.
    screen : Screen
        The study's screen.
    refresh_hz : float
        Its refresh rate.
    gaze : dict
        The section [gaze] of study.toml.
    """

    sessions: list[SessionTables]
    quality: pd.DataFrame
    validations: pd.DataFrame
    exclusions: pd.DataFrame
    screen: Screen
    refresh_hz: float
    gaze: dict[str, Any]

    def of_recordings(self, column: str) -> list[str]:
        """List the different values of a column of ``recordings.tsv``."""
        return _distinct(pd.Series([session.recording[column] for session in self.sessions]))

    def of_blocks(self, column: str) -> list[str]:
        """List the different values of a column of ``blocks.tsv``."""
        return _distinct(
            pd.concat([recorded_blocks(session.blocks)[column] for session in self.sessions])
        )

    @property
    def n_participants(self) -> int:
        """How many people were recorded."""
        return int(self.quality["participant_id"].nunique())

    @property
    def n_sessions(self) -> int:
        """How many sessions were recorded."""
        return len(self.sessions)

    def rates(self) -> str:
        """Say the nominal sampling rates."""
        rates = sorted({float(rate) for rate in self.of_blocks("rate_hz")})
        rates = rates or sorted({float(r) for r in self.of_recordings("sampling_rate_hz")})
        # Exports without a rate have the measured one, a little different in each session.
        return f"{' and '.join(dict.fromkeys(f'{rate:.0f}' for rate in rates))} Hz" if rates else ""

    def method(self) -> str:
        """Say how the tracker found the eye, by RECCFG."""
        words = {text.split()[0] for text in self.of_blocks("tracking") if text.split()}
        names = {"CR": "pupil and corneal reflection", "P": "pupil only"}
        return " or ".join(sorted(names[word] for word in words if word in names))

    def mounts(self) -> str:
        """Say the mounts in words."""
        return "; ".join(_MOUNTS.get(code, f"mount {code}") for code in self.of_blocks("mount"))

    def filters(self) -> str:
        """Say the tracker's file filter."""
        levels = self.of_blocks("filter")
        return f"heuristic file filter level {', '.join(levels)}" if levels else ""

    def detection(self) -> str:
        """Say how fixations, saccades and blinks were found."""
        found = pd.Series(
            [name for one in self.sessions for name in one.events["detector"].dropna().unique()],
            dtype=object,
        )
        counts = found.value_counts()
        texts = [self._detector(str(name)) for name in counts.index]
        if len(texts) > 1:
            texts = [
                f"{text}, in {n} sessions" for text, n in zip(texts, counts.tolist(), strict=True)
            ]
        return "; ".join(texts) or "not there"

    def _detector(self, name: str) -> str:
        """Say what found events, with its parameters and how blinks were handled."""
        if name in _OWN_EVENTS:
            return _OWN_EVENTS[name]
        events = self.gaze["events"]
        parameters = events[name.replace("-", "_")]
        shown = ", ".join(f"{key} {value}" for key, value in parameters.items())
        blinks = ", ".join(f"{key} {value}" for key, value in events["blinks"].items())
        return f"found by the detector {name} ({shown}) after blinks were taken out ({blinks})"

    def targets(self) -> str:
        """Say the numbers of targets of calibrations and validations."""
        kinds: dict[str, pd.Series] = {
            "calibration": pd.concat([session.calibrations["type"] for session in self.sessions]),
            "validation": self.validations["type"],
        }
        texts = [f"{name} {'/'.join(_distinct(types))}" for name, types in kinds.items()]
        return ", ".join(text for text in texts if not text.endswith(" "))

    def spread(self, column: str, scale: float = 1.0, digits: int = 2) -> str:
        """Say mean, standard deviation and range of a column, of the analysed eyes."""
        analysed = self.quality[self.quality["analysed"].astype(bool)]
        values = analysed[column].dropna().to_numpy(float) * scale
        if not len(values):
            return ""
        deviation = f", SD {values.std(ddof=1):.{digits}f}" if len(values) > 1 else ""
        return (
            f"{values.mean():.{digits}f} (range {values.min():.{digits}f} to "
            f"{values.max():.{digits}f}{deviation})"
        )

    def exclusion_counts(self) -> str:
        """Say how many fixations and trials were left out for which reason."""
        rows = self.exclusions
        if rows.empty:
            return ""
        left_out = rows[
            (rows["reason"] != "included") & (rows["n_fixations"] + rows["n_trials"] > 0)
        ]
        counts = "; ".join(_count_text(row) for _, row in left_out.iterrows())
        return counts or "none"

    def kept(self) -> str:
        """Say how many people, trials and fixations stay."""
        rows = self.exclusions
        if rows.empty:
            return ""
        row = rows[rows["reason"] == "included"].iloc[0]
        return (
            f" What stays are {row['n_fixations']} fixations in {row['n_trials']} trials of "
            f"{row['n_participants']} participants."
        )

    def exclusion_rules(self) -> str:
        """Say the rules of the section [gaze.exclude]."""
        rules = self.gaze.get("exclude", {})
        return ", ".join(f"{name} = {_toml(value)}" for name, value in rules.items())

    def screen_text(self) -> str:
        """Say the screen's size, resolution, refresh rate and distance."""
        screen = self.screen
        return (
            f"{screen.width_cm:g} x {screen.height_cm:g} cm, {screen.width_px} x "
            f"{screen.height_px} px, {self.refresh_hz:g} Hz, at {screen.distance_cm:g} cm "
            f"({screen.width_deg(screen.width_px):.1f} deg wide, {screen.px_per_deg:.1f} px in a "
            "degree at its centre)"
        )


def _count_text(row: pd.Series) -> str:
    """Say what one rule left out."""
    counts = f"{row['n_fixations']} fixations in {row['n_trials']} trials"
    if row["level"] == "participant":
        reason = str(row["reason"]).removeprefix("participant: ")
        return f"{reason}: {row['n_participants']} participants ({counts})"
    return f"{row['reason']}: {counts}"


def analysis_versions() -> str:
    """Say with which programs data were analysed.

    Returns
    -------
    str
        faceoff, Python and the packages that compute.
    """
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    return f"{packages} under Python {platform.python_version()}"


def _distinct(values: pd.Series) -> list[str]:
    """List different values in the order of their first appearance, without missing ones."""
    texts = [str(value).strip() for value in values.dropna()]
    return [text for text in dict.fromkeys(texts) if text]


def _toml(value: Any) -> str:
    """Write a setting as study.toml has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)

"""The study folder: a valid BIDS dataset from its first day, and where each thing is in it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.dataset import write_dataset_files
from study.errors import InputError
from study.settings import Settings, parse_settings, read_settings
from study.settings.template import toml_template
from study.writing import write_text

SETTINGS_NAME = "study.toml"
#: Sessions whose label begins so are no data of the study, and live in a folder of their own.
TRIAL_RUNS = ("pilot", "test")


@dataclass(frozen=True)
class Study:
    """A study folder and its settings.

    Parameters
    ----------
    root : Path
        The folder that holds study.toml.
    settings : Settings
        What study.toml says.
    """

    root: Path
    settings: Settings

    @property
    def settings_toml(self) -> Path:
        """The file with every setting."""
        return self.root / SETTINGS_NAME

    @property
    def stimuli_dir(self) -> Path:
        """The folder of the tables about the pictures."""
        return self.root / "stimuli"

    @property
    def pictures_dir(self) -> Path:
        """The folder of the face set, within the study or anywhere else."""
        return self.root / self.settings.stimuli.folder

    @property
    def manifest_tsv(self) -> Path:
        """The table of all pictures."""
        return self.stimuli_dir / "manifest.tsv"

    @property
    def crops_tsv(self) -> Path:
        """The table of what part of each picture is shown."""
        return self.stimuli_dir / "crops.tsv"

    @property
    def landmarks_tsv(self) -> Path:
        """The table of 68 landmarks for each picture."""
        return self.stimuli_dir / "landmarks.tsv"

    @property
    def splits_tsv(self) -> Path:
        """The table of pictures for training, validation and test."""
        return self.stimuli_dir / "splits.tsv"

    @property
    def lists_tsv(self) -> Path:
        """The table of which test pictures are in which list, where people see different ones."""
        return self.stimuli_dir / "lists.tsv"

    @property
    def problems_tsv(self) -> Path:
        """The table of pictures that cannot be used, with the reason."""
        return self.stimuli_dir / "problems.tsv"

    @property
    def participants_tsv(self) -> Path:
        """The register of participants."""
        return self.root / "participants.tsv"

    @property
    def sourcedata(self) -> Path:
        """The folder of what trackers and sessions wrote."""
        return self.root / "sourcedata"

    @property
    def derivatives(self) -> Path:
        """The folder of everything that is computed."""
        return self.root / "derivatives" / "faceoff"

    @property
    def gaze_dir(self) -> Path:
        """The folder of samples, events, quality and density maps."""
        return self.derivatives / "gaze"

    @property
    def comparison_dir(self) -> Path:
        """The folder of curves, metrics, statistics, tables and figures."""
        return self.derivatives / "comparison"

    @property
    def has_faces(self) -> bool:
        """Whether there is a face set; a study of gaze alone has none."""
        return self.pictures_dir.is_dir() or self.manifest_tsv.is_file()

    @property
    def report_html(self) -> Path:
        """The report in one file."""
        return self.derivatives / "report.html"

    @property
    def chapter_dir(self) -> Path:
        """The report as a LaTeX chapter."""
        return self.derivatives / "chapter"

    @property
    def chapter_docx(self) -> Path:
        """The report as a Word document."""
        return self.derivatives / "chapter.docx"

    @property
    def maps_html(self) -> Path:
        """The page on which single maps are looked at."""
        return self.derivatives / "maps.html"

    def cnn_dir(self, model: str) -> Path:
        """Name the folder of one network.

        Parameters
        ----------
        model : str
            The network's name.
        """
        return self.derivatives / "cnn" / model

    def session_dir(self, participant_id: str, session: str) -> Path:
        """Name the folder of what one session wrote.

        Parameters
        ----------
        participant_id : str
            Such as ``sub-001``.
        session : str
            The session's label, such as ``01``; sessions for piloting and for testing have labels
            that begin with ``pilot`` and ``test``, and folders apart from the study's data.
        """
        kind = next((kind for kind in TRIAL_RUNS if session.startswith(kind)), "real")
        return self.data_dir(kind) / participant_id / f"ses-{session}"

    def data_dir(self, mode: str) -> Path:
        """Name the folder of the sessions of a mode.

        Parameters
        ----------
        mode : str
            ``real``, or one of `TRIAL_RUNS`.
        """
        return self.root / f"{mode}data" if mode in TRIAL_RUNS else self.sourcedata

    def sessions(self) -> list[tuple[str, str]]:
        """List the study's sessions that have begun, as participant id and session label.

        Those of a pilot or a test are not among them.

        Returns
        -------
        list of tuple of str
            In the order of their names.
        """
        tables = self.sourcedata.glob("sub-*/ses-*/trials.tsv")
        folders = sorted(table.parent for table in tables)
        return [(path.parent.name, path.name.removeprefix("ses-")) for path in folders]


def open_study(folder: Path) -> Study:
    """Open a study folder.

    Parameters
    ----------
    folder : Path
        The folder that holds study.toml.

    Returns
    -------
    Study
        The folder and its settings.

    Raises
    ------
    InputError
        If the folder is no study, or study.toml is wrong.
    """
    folder = Path(folder).resolve()
    settings_toml = folder / SETTINGS_NAME
    if not settings_toml.is_file():
        found = "there is none" if folder.is_dir() else "there is no such folder"
        raise InputError(
            f"A study folder must hold {SETTINGS_NAME}, but in {folder} {found}. "
            "Name the study with --study DIR, or make one: faceoff init DIR."
        )
    return Study(folder, read_settings(settings_toml))


def create_study(
    folder: Path,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    settings_toml: str | None = None,
) -> Study:
    """Make a new study folder.

    Parameters
    ----------
    folder : Path
        The folder to make; it may exist if it is empty or holds no study yet.
    overrides : mapping of str to mapping, optional
        Settings that differ from the defaults, by section.
    settings_toml : str, optional
        The whole text of study.toml, in place of overrides.

    Returns
    -------
    Study
        The new study.

    Raises
    ------
    InputError
        If there is a study already, the name is a file, or a setting is wrong.
    """
    folder = Path(folder).resolve()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"A study must be a folder, but {folder} is a file. Choose another name.")
    if (folder / SETTINGS_NAME).exists():
        raise InputError(
            f"A new study needs a folder of its own, but {folder} holds one already. "
            "Choose another name."
        )
    # The template leaves unknown names out: what is given is checked itself.
    values = (overrides or {}) if settings_toml is None else tomllib.loads(settings_toml)
    settings = parse_settings(values, source="The settings of the new study")
    text = toml_template(overrides) if settings_toml is None else settings_toml
    write_dataset_files(folder, settings.study)
    # The settings come last: a folder without them is no study yet.
    write_text(folder / SETTINGS_NAME, text)
    return open_study(folder)


def check_participant_id(participant_id: str) -> str:
    """Check the form of a participant's id, and add its prefix where it is missing.

    Parameters
    ----------
    participant_id : str
        Such as ``sub-001`` or ``001``; letters and digits only after the prefix.

    Returns
    -------
    str
        The id with its prefix.

    Raises
    ------
    InputError
        If it holds other signs.

    Examples
    --------
    >>> check_participant_id("7")
    'sub-7'
    """
    label = participant_id.removeprefix("sub-")
    if not re.fullmatch(r"[A-Za-z0-9]+", label):
        raise InputError(
            f"A participant's id must be 'sub-' and letters or digits, but it is "
            f"{participant_id!r}. Write for example sub-001."
        )
    return f"sub-{label}"

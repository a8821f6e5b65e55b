"""The files that make a study folder a BIDS dataset, and its derivatives one of their own."""

import json
from pathlib import Path
from typing import Any

from study.errors import InputError
from study.settings.study import UNKNOWN, StudySettings
from study.writing import write_json, write_text

BIDS_VERSION = "1.11.1"
# Settings that stand in dataset_description.json; the latter ones only where they are set.
_RECOMMENDED = {"Name": "name", "License": "license", "Authors": "authors"}
_OPTIONAL = {
    "Acknowledgements": "acknowledgements",
    "EthicsApprovals": "ethics_approvals",
    "Funding": "funding",
}
# What says nothing, so that the settings may.
_UNSAID = (UNKNOWN, [UNKNOWN])
# What BIDS has no place for: settings, records, pictures, tables that say how to read others, and
# sessions that are no data of the study (with a slash at the end its validator would miss them).
_IGNORED = (
    "*.toml",
    "registration.json",
    "*.csv",
    "*.provenance.json",
    "stimuli/",
    "pilotdata",
    "testdata",
)
# Nothing among the derivatives is named as BIDS's raw data are.
_IGNORED_DERIVATIVES = ("*",)


def write_dataset_files(root: Path, settings: StudySettings) -> None:
    """Write dataset_description.json, README and .bidsignore, of the study and its derivatives.

    What stands in these files already stays, but for what the settings say otherwise.

    Parameters
    ----------
    root : Path
        The study folder.
    settings : StudySettings
        The section [study].

    Raises
    ------
    InputError
        If a dataset_description.json is damaged.
    """
    raw = {"DatasetType": "raw", "SourceDatasets": []}
    _describe(root / "dataset_description.json", settings, raw)
    readme = root / "README"
    if not any(root.glob("README*")):
        write_text(readme, _README.format(name=settings.name))
    _ignore(root / ".bidsignore", _IGNORED)
    derivatives = root / "derivatives" / "faceoff"
    own = {"DatasetType": "derivative", "SourceDatasets": [{"URL": "../../"}]}
    _describe(derivatives / "dataset_description.json", settings, own)
    _ignore(derivatives / ".bidsignore", _IGNORED_DERIVATIVES)


def lab_facts(settings: StudySettings) -> dict[str, str]:
    """Say what BIDS wants to know of the lab and the task in each recording's JSON files.

    Parameters
    ----------
    settings : StudySettings
        The section [study].

    Returns
    -------
    dict of str to str
        ``n/a`` for what is not known.

    Examples
    --------
    >>> lab_facts(StudySettings(institution="University of Sassari"))["InstitutionName"]
    'University of Sassari'
    """
    return {
        "InstitutionName": settings.institution,
        "InstitutionAddress": settings.institution_address,
        "InstitutionalDepartmentName": settings.department,
        "CogAtlasID": settings.cognitive_atlas_id,
        "CogPOID": settings.cogpo_id,
    }


def unsaid(settings: StudySettings) -> list[str]:
    """List the settings that every published dataset should have, and that are not known yet.

    Parameters
    ----------
    settings : StudySettings
        The section [study].

    Returns
    -------
    list of str
        Among authors, license and institution.

    Examples
    --------
    >>> unsaid(StudySettings(authors=["Jane Doe", "John Smith"]))
    ['license', 'institution']
    """
    names = ("authors", "license", "institution")
    return [name for name in names if UNKNOWN in getattr(settings, name)]


def _describe(path: Path, settings: StudySettings, own: dict[str, Any]) -> None:
    """Bring a dataset_description.json up to the settings: those that are set win."""
    chosen = {
        key: getattr(settings, name)
        for key, name in (_RECOMMENDED | _OPTIONAL).items()
        if name in settings.model_fields_set
    }
    defaults = {key: getattr(settings, name) for key, name in _RECOMMENDED.items()} | {
        "BIDSVersion": BIDS_VERSION,
        "HEDVersion": [],  # no table has HED tags
        "GeneratedBy": [{"Name": "faceoff"}],
        **own,
    }
    known = {key: value for key, value in _read(path).items() if value not in _UNSAID}
    write_json(path, defaults | known | chosen | {"BIDSVersion": BIDS_VERSION})


def _read(path: Path) -> dict[str, Any]:
    """Read what a dataset_description.json says already."""
    if not path.is_file():
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise InputError(
            f"{path} must be JSON, but {error}. Correct it, or delete it: it is made anew."
        ) from error
    if not isinstance(known, dict):
        raise InputError(
            f"{path} must hold a JSON object, but it holds {type(known).__name__}. Correct it, or "
            "delete it: it is made anew."
        )
    return known


def _ignore(path: Path, patterns: tuple[str, ...]) -> None:
    """Add what is missing to a .bidsignore."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    missing = [pattern for pattern in patterns if pattern not in lines]
    if missing:
        write_text(path, "\n".join([*lines, *missing]) + "\n")


_README = """{name}

A faceoff study: people and a network name the expression on the same faces; where people look
is set against where the network looks. The folder follows BIDS {version}; sourcedata/ holds what
the tracker and the session wrote, derivatives/faceoff/ everything computed from it, and
study.toml every setting.
""".replace("{version}", BIDS_VERSION)

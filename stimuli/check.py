"""The check of registered pictures: every file is there, and has the bytes it had."""

from collections.abc import Iterable

import pandas as pd

from stimuli.catalog import read_manifest
from stimuli.files import measure_pictures
from study.errors import InputError
from study.folder import Study

_N_NAMED = 10


def check_pictures(study: Study, image_ids: Iterable[str] | None = None) -> int:
    """Compare the picture files with the manifest.

    Parameters
    ----------
    study : Study
        The study.
    image_ids : iterable of str, optional
        The pictures to look at; by default all of the manifest.

    Returns
    -------
    int
        Number of pictures, all of which are as they were registered.

    Raises
    ------
    InputError
        If a file is missing or has other bytes, the message names them; or if a picture is not
        in the manifest.
    """
    manifest = read_manifest(study)
    if image_ids is not None:
        manifest = manifest[manifest["image_id"].isin(_known(study, image_ids, manifest))]
    files = dict(zip(manifest["file"], manifest["sha256"], strict=True))
    there = [file for file in files if (study.pictures_dir / file).is_file()]
    measures = measure_pictures(study.pictures_dir, there, study.settings.execution.jobs)
    differing = [f"{file} is missing" for file in files if file not in measures]
    differing += [
        f"{file} has other content" for file in there if measures[file].sha256 != files[file]
    ]
    if differing:
        more = f" and {len(differing) - _N_NAMED} more" if len(differing) > _N_NAMED else ""
        raise InputError(
            f"The pictures in {study.pictures_dir} must be those of the manifest, but "
            f"{', '.join(differing[:_N_NAMED])}{more}. "
            "Put the originals back, or register anew: faceoff stimuli register."
        )
    return len(files)


def _known(study: Study, image_ids: Iterable[str], manifest: pd.DataFrame) -> set[str]:
    """Refuse pictures that the manifest does not have."""
    wanted = set(image_ids)
    strange = sorted(wanted - set(manifest["image_id"]))
    if strange:
        raise InputError(
            f"A picture must be in {study.manifest_tsv}, but {', '.join(strange[:_N_NAMED])} "
            f"{'are' if len(strange) > 1 else 'is'} not. Register the face set that the session "
            "was planned with: faceoff stimuli register."
        )
    return wanted

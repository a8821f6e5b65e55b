"""The step of this package: registering the face set."""

from collections.abc import Iterator

from stimuli.files import SYNTHETIC_LANDMARKS, find_pictures
from stimuli.folder_sets import TABLES, find_set_pictures
from stimuli.register import register_pictures
from study.folder import Study
from study.provenance import Step


def register_step(study: Study) -> Step:
    """Describe the registration of the study's face set.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        From the picture files to the tables in stimuli/.

    Raises
    ------
    InputError
        If there is no face set in the folder that [stimuli] names.
    """
    folder, settings = study.pictures_dir, study.settings
    if settings.stimuli.face_set == "folders":
        found, _ = find_set_pictures(folder, settings.stimuli.name_pattern)
        files = [picture.file for picture in found]
        files += [name for name in TABLES if (folder / name).is_file()]
    else:
        files = [picture.file for picture in find_pictures(folder)[0]]
    inputs = [folder / file for file in files]
    known = folder / SYNTHETIC_LANDMARKS
    model = study.root / settings.stimuli.landmark_model
    inputs += [path for path in (known, model) if path.is_file()]
    return Step(
        command="stimuli register",
        inputs=tuple(inputs),
        outputs=(
            study.manifest_tsv,
            study.crops_tsv,
            study.landmarks_tsv,
            study.splits_tsv,
            study.problems_tsv,
        ),
        settings={
            "stimuli": settings.stimuli.model_dump(mode="json", exclude={"picture_px"}),
            "seed": settings.study.seed,
        },
        run=lambda: register_pictures(study),
        follows="participants add",
    )


def steps(study: Study) -> Iterator[Step]:
    """Go through the steps of this package in running order.

    Parameters
    ----------
    study : Study
        The study.

    Yields
    ------
    Step
        One step.
    """
    yield register_step(study)

"""The regions of the faces where they stand on the screen, also as files for Data Viewer."""

from collections.abc import Iterable, Mapping

from experiment import messages
from experiment.gaze_trace import FloatArray
from participants.plans import PlannedTrial
from stimuli.catalog import picture_frame, picture_landmarks
from stimuli.frames import move_points
from stimuli.regions import region_polygons
from study.folder import Study
from study.writing import write_text

Regions = dict[str, FloatArray]


def regions_on_screen(study: Study, trials: Iterable[PlannedTrial]) -> dict[str, Regions]:
    """Put the regions of pictures where the pictures will stand.

    Parameters
    ----------
    study : Study
        The study, with the pictures' landmarks.
    trials : iterable of PlannedTrial
        What is shown where.

    Returns
    -------
    dict of str to dict of str to ndarray, shape (n, 2)
        For each picture, the corners of each region in screen pixels.

    Raises
    ------
    InputError
        If a picture has no landmarks.
    """
    places = {trial.image_id: trial.picture_rect for trial in trials}
    frame = picture_frame(study)
    landmarks = picture_landmarks(study, list(places))
    return {
        image_id: region_polygons(move_points(landmarks[image_id], frame, place))
        for image_id, place in places.items()
    }


def keep_areas(
    study: Study, trials: Iterable[PlannedTrial], regions: Mapping[str, Regions]
) -> None:
    """Write each picture's regions beside the picture as it is shown, where Data Viewer looks.

    Parameters
    ----------
    study : Study
        The study.
    trials : iterable of PlannedTrial
        What is shown where.
    regions : mapping of str to dict
        Regions of each picture, as `regions_on_screen` gives them.
    """
    for image_id, place in {(trial.image_id, trial.picture_rect) for trial in trials}:
        path = study.stimuli_dir / "shown" / messages.areas_file(image_id, place)
        text = messages.areas_text(regions[image_id])
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)

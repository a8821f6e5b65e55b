"""Pictures as they are shown: the crop at any size, resized once, for people and networks."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from stimuli.catalog import crop_rects, read_manifest
from stimuli.frames import Rect
from study.errors import InputError
from study.folder import Study
from study.settings.stimuli import Illumination

Resampling = Literal["antialiased", "nearest"]
_FILTERS = {"antialiased": Image.Resampling.LANCZOS, "nearest": Image.Resampling.NEAREST}


def load_picture(study: Study, image_id: str, side_px: int) -> NDArray[np.uint8]:
    """Load the shown part of one picture.

    Parameters
    ----------
    study : Study
        The study.
    image_id : str
        The picture, such as ``"AF01AFS"``.
    side_px : int
        Width and height of the result, such as 448 for the screen and 224 for a network.

    Returns
    -------
    ndarray of uint8, shape (side_px, side_px, 3)
        Red, green and blue.

    Raises
    ------
    InputError
        If the picture is not registered, has no crop, or cannot be read.
    """
    return load_pictures(study, [image_id], side_px)[0]


def load_pictures(
    study: Study,
    image_ids: Sequence[str],
    side_px: int,
    resampling: Resampling = "antialiased",
) -> NDArray[np.uint8]:
    """Load the shown part of many pictures.

    Parameters
    ----------
    study : Study
        The study.
    image_ids : sequence of str
        The pictures.
    side_px : int
        Width and height of the results.
    resampling : {"antialiased", "nearest"}, default "antialiased"
        How pictures are brought to that size.

    Returns
    -------
    ndarray of uint8, shape (n, side_px, side_px, 3)
        Red, green and blue, in the order of `image_ids`.

    Raises
    ------
    InputError
        If a picture is not registered, has no crop, or cannot be read.
    """
    rects = crop_rects(study, image_ids)
    manifest = read_manifest(study)
    files = dict(zip(manifest["image_id"], manifest["file"], strict=True))
    pictures = np.empty((len(image_ids), side_px, side_px, 3), dtype=np.uint8)

    def load(place: int) -> None:
        image_id = image_ids[place]
        path = study.pictures_dir / files[image_id]
        shown = crop_picture(path, rects[image_id], side_px, resampling)
        pictures[place] = even_light(shown, study.settings.stimuli.illumination)

    # Threads suffice: Pillow lets others work while it decodes and resizes.
    workers = study.settings.execution.jobs or os.cpu_count() or 1
    with ThreadPoolExecutor(max_workers=workers) as pool:
        list(pool.map(load, range(len(image_ids))))
    return pictures


def crop_picture(
    path: Path, rect: Rect, side_px: int, resampling: Resampling = "antialiased"
) -> NDArray[np.uint8]:
    """Cut a rectangle out of a picture file and resize it once.

    Parameters
    ----------
    path : Path
        The picture file.
    rect : Rect
        The part, in pixels of the file.
    side_px : int
        Width and height of the result.
    resampling : {"antialiased", "nearest"}, default "antialiased"
        Lanczos, or the nearest pixel.

    Returns
    -------
    ndarray of uint8, shape (side_px, side_px, 3)
        Red, green and blue.

    Raises
    ------
    InputError
        If the file is missing, is no whole picture, or is smaller than the rectangle.
    """
    box = (rect.x_px, rect.y_px, rect.x_px + rect.width_px, rect.y_px + rect.height_px)
    try:
        with Image.open(path) as picture:
            whole = picture.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        found = str(error) if path.is_file() else "there is no such file"
        raise InputError(
            f"{path} must be a readable picture, but {found}. "
            "Put the original there, and compare: faceoff stimuli check."
        ) from error
    if box[2] > whole.width or box[3] > whole.height:
        raise InputError(
            f"{path} must hold the crop up to ({box[2]}, {box[3]}) px, but it is {whole.width} x "
            f"{whole.height} px. Put the original there, or register anew."
        )
    shown = whole.resize((side_px, side_px), _FILTERS[resampling], box=box)
    return np.asarray(shown)


def even_light(picture: NDArray[np.uint8], how: Illumination) -> NDArray[np.uint8]:
    """Even out how a picture is lit; its colours stay.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        Red, green and blue.
    how : {"none", "equalised", "adaptive"}
        Not at all; the histogram of the grey levels made flat; or that of each part of the
        picture, with limited contrast (CLAHE).

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        Red, green and blue.

    References
    ----------
    Pizer, S. M. et al. (1987). Adaptive histogram equalization and its variations. Computer
    Vision, Graphics, and Image Processing, 39, 355-368.
    """
    if how == "none":
        return picture
    bands = list(Image.fromarray(picture).convert("YCbCr").split())
    if how == "equalised":
        bands[0] = ImageOps.equalize(bands[0])
    else:
        from skimage.exposure import equalize_adapthist

        evened = equalize_adapthist(np.asarray(bands[0]))
        bands[0] = Image.fromarray((255 * evened).round().astype(np.uint8))
    return np.asarray(Image.merge("YCbCr", bands).convert("RGB"))


def figure_picture(study: Study, image_id: str, frame: Rect) -> NDArray[np.uint8] | None:
    """Load the picture over which a figure draws gaze, at half the size of its frame.

    Parameters
    ----------
    study : Study
        The study.
    image_id : str
        The picture.
    frame : Rect
        The frame of the study's fixations: the crop as it was shown, or the whole picture file.

    Returns
    -------
    ndarray of uint8, shape (n, n, 3), or None
        To be stretched over the frame. None where the settings hide the faces, the study does
        not have the picture, or the frame is of other proportions.

    Raises
    ------
    InputError
        If the picture cannot be read.
    """
    if study.settings.report.faces == "hide" or not study.crops_tsv.is_file():
        return None
    crops, manifest = crop_rects(study), read_manifest(study).set_index("image_id")
    if image_id not in crops:
        return None
    own = manifest.loc[image_id].to_dict()
    whole = Rect(0, 0, own["width_px"], own["height_px"])
    proportion = frame.width_px / frame.height_px
    for rect in (crops[image_id], whole):
        # A frame may be off its picture's proportions by rounding to whole pixels.
        if abs(rect.width_px / rect.height_px / proportion - 1) <= 0.02:
            side_px = round(max(frame.width_px, frame.height_px) / 2)
            return crop_picture(study.pictures_dir / own["file"], rect, side_px)
    return None

"""MediaPipe's face mesh: landmarks on real pictures, brought to the 68 points of iBUG."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from study.errors import InputError
from study.folder import Study

Finder = Callable[[Path], NDArray[np.float64] | None]

# For each of the 68 points of iBUG, in order, the vertex of MediaPipe's canonical face model
# that lies at the same place. Jaw: vertices of its face oval, at about equal distances from
# eye level over the chin (152) to eye level; brows: its upper brow contour; nose: bridge, tip
# and lower edge; eyes and lips: its contours, with the corners where iBUG has them.
VERTEX_OF_POINT = np.array(
    [
        127, 234, 132, 58, 172, 136, 149, 148, 152,  # jaw, viewer's left to chin
        377, 378, 365, 397, 288, 361, 454, 356,  # jaw, chin to viewer's right
        70, 63, 105, 66, 107,  # viewer's left brow
        336, 296, 334, 293, 300,  # viewer's right brow
        168, 197, 5, 4,  # bridge of the nose
        98, 97, 2, 326, 327,  # lower edge of the nose
        33, 160, 158, 133, 153, 144,  # viewer's left eye
        362, 385, 387, 263, 373, 380,  # viewer's right eye
        61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91,  # outer lips
        78, 81, 13, 311, 308, 402, 14, 178,  # inner lips
    ]
)  # fmt: skip


def open_finder(study: Study, stack: ExitStack) -> tuple[Finder, str]:
    """Make ready the model that finds landmarks.

    Parameters
    ----------
    study : Study
        The study; [stimuli] landmark_model names a model file, or is empty.
    stack : ExitStack
        Closes the model when the caller has done.

    Returns
    -------
    finder : callable
        Takes the path of a picture; gives its points, shape (68, 2), in pixels of the file,
        or None if no face is found.
    method : str
        Name of the model.

    Raises
    ------
    InputError
        If mediapipe is not installed, or the model file is missing or is no face landmarker.
    """
    stack.enter_context(_native_messages_hidden())
    mediapipe = _import_mediapipe()
    model = study.settings.stimuli.landmark_model
    if model:
        return _task_finder(mediapipe, study.root / model, stack), Path(model).name
    mesh = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, refine_landmarks=False
    )
    stack.enter_context(mesh)

    def find(path: Path) -> NDArray[np.float64] | None:
        pixels = _read_rgb(path)
        faces = mesh.process(pixels).multi_face_landmarks
        return ibug_points(faces[0].landmark, pixels.shape) if faces else None

    return find, f"mediapipe-{mediapipe.__version__}"


def ibug_points(vertices: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Choose the points of iBUG from the vertices of MediaPipe's mesh.

    Parameters
    ----------
    vertices : sequence
        At least 468 vertices with x and y as shares of the picture's width and height.
    shape : tuple of int
        Height and width of the picture in pixels.

    Returns
    -------
    ndarray, shape (68, 2)
        x and y in pixels, pixel centres at integers.

    References
    ----------
    Kartynnik et al. (2019), Real-time facial surface geometry from monocular video on mobile
    GPUs, arXiv:1907.06724: the mesh. Sagonas et al. (2016): the 68 points.
    """
    shares = np.array([[vertices[i].x, vertices[i].y] for i in VERTEX_OF_POINT], dtype=float)
    points: NDArray[np.float64] = shares * [shape[1], shape[0]] - 0.5
    return points


def _import_mediapipe() -> Any:
    """Import mediapipe where it is installed."""
    # Its C++ part and TensorFlow's, if that is there, talk much on import.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GLOG_minloglevel", "3")
    try:
        import mediapipe
    except ImportError as error:
        raise InputError(
            "Landmarks of real pictures need mediapipe, but it cannot be imported "
            f"({error}). Install it: pip install 'faceoff[faces]'."
        ) from error
    return mediapipe


def _task_finder(mediapipe: Any, path: Path, stack: ExitStack) -> Finder:
    """Make ready a face landmarker that the user brings."""
    if not path.is_file():
        raise InputError(
            f"[stimuli] landmark_model must be a MediaPipe face landmarker, but there is no file "
            f"{path}. Correct the name, or leave it empty for the model inside mediapipe."
        )
    from mediapipe.tasks.python import vision
    from mediapipe.tasks.python.core.base_options import BaseOptions

    # The content is handed over, for paths are a trouble to MediaPipe on Windows.
    base = BaseOptions(model_asset_buffer=path.read_bytes())
    try:
        landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(base_options=base, num_faces=1)
        )
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"[stimuli] landmark_model must be a MediaPipe face landmarker (.task), but {path} "
            "cannot be loaded as one. Name another file, or leave it empty."
        ) from error
    stack.enter_context(landmarker)

    def find(path: Path) -> NDArray[np.float64] | None:
        pixels = _read_rgb(path)
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        faces = landmarker.detect(picture).face_landmarks
        return ibug_points(faces[0], pixels.shape) if faces else None

    return find


def _read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read a picture whose bytes were checked before."""
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


@contextmanager
def _native_messages_hidden() -> Iterator[None]:
    """Keep what native code writes to standard error from the user, but not what Python does."""
    try:
        is_own = sys.stderr.fileno() == 2
    except (AttributeError, OSError, io.UnsupportedOperation):
        is_own = False  # a notebook or a test has taken standard error over already
    before = sys.stderr
    before.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        if is_own:
            sys.stderr = open(  # noqa: SIM115
                saved, "w", encoding=before.encoding, errors="backslashreplace", closefd=False,
                buffering=1,
            )  # fmt: skip
        yield
    finally:
        if is_own:
            sys.stderr.flush()
            sys.stderr = before
        os.dup2(saved, 2)
        os.close(nowhere)
        os.close(saved)

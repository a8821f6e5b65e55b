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

# For each of the 68 points of iBUG, in order, the two vertices of MediaPipe's canonical face
# model between which it lies (twice the same where a vertex is at the place). Jaw: at equal
# distances along its face oval, from eye level over the chin (152) to eye level; brows:
# between its upper and lower brow contours; nose: bridge, tip and lower edge; eyes and lips:
# on its contours, with the corners where iBUG has them.
VERTICES_OF_POINT = np.array(
    [
        (127, 127), (234, 234), (93, 132), (132, 58), (58, 172), (136, 136), (150, 149), (176, 148),
        (152, 152),  # jaw, viewer's left to chin
        (400, 377), (379, 378), (365, 365), (288, 397), (361, 288), (323, 361), (454, 454),
        (356, 356),  # jaw, chin to viewer's right
        (70, 46), (63, 53), (105, 52), (66, 65), (107, 55),  # viewer's left brow
        (336, 285), (296, 295), (334, 282), (293, 283), (300, 276),  # viewer's right brow
        (168, 6), (197, 197), (5, 5), (4, 4),  # bridge of the nose
        (98, 98), (97, 97), (2, 2), (326, 326), (327, 327),  # lower edge of the nose
        (33, 33), (160, 160), (158, 158), (133, 133), (153, 153), (144, 144),  # viewer's left eye
        (362, 362), (385, 385), (387, 387), (263, 263), (373, 373), (380, 380),  # right eye
        (61, 61), (40, 40), (37, 37), (0, 0), (267, 267), (270, 270), (291, 291),  # outer lips
        (321, 321), (314, 314), (17, 17), (84, 84), (91, 91),
        (78, 78), (81, 81), (13, 13), (311, 311), (308, 308), (402, 402), (14, 14),  # inner lips
        (178, 178),
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
    shares = np.array([[vertex.x, vertex.y] for vertex in vertices], dtype=float)
    points: NDArray[np.float64] = shares[VERTICES_OF_POINT].mean(axis=1) * shape[1::-1] - 0.5
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

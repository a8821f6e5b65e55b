"""Landmarks of real faces by MediaPipe, on a public photograph that scikit-image ships."""

import zipfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stimuli.facemesh import VERTICES_OF_POINT, ibug_points, open_finder
from stimuli.regions import region_of, region_polygons
from stimuli.register import register_pictures
from stimuli.tests.faces import make_study, write_face_set, write_picture
from study.errors import InputError
from study.tables import read_table

pytest.importorskip("mediapipe", reason="landmarks of real pictures need faceoff[faces]")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # protobuf's, about its own classes
]

# Read off the photograph in KDEF's size by eye, in pixels: x, y and how exact that is.
SEEN = {
    "viewer's left eye": (slice(36, 42), 192, 188, 6),
    "viewer's right eye": (slice(42, 48), 277, 193, 6),
    "corners of the mouth, left": (slice(48, 49), 193, 262, 6),
    "corners of the mouth, right": (slice(54, 55), 271, 262, 6),
    "tip of the nose": (slice(30, 31), 236, 238, 8),
    "chin": (slice(8, 9), 236, 335, 12),
}


@pytest.fixture(scope="module")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import skimage.data

    path = tmp_path_factory.mktemp("portrait") / "AF01HAS.png"
    photograph = Image.fromarray(skimage.data.astronaut()).crop((100, 0, 400, 407))
    photograph.resize((562, 762), Image.Resampling.LANCZOS).save(path)
    return path


@pytest.fixture(scope="module")
def task_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle in the form of MediaPipe's face landmarkers, from the models in its package."""
    import mediapipe

    models = Path(mediapipe.__file__).parent / "modules"
    path = tmp_path_factory.mktemp("model") / "face_landmarker.task"
    with zipfile.ZipFile(path, "w") as bundle:
        detector = models / "face_detection" / "face_detection_short_range.tflite"
        bundle.write(detector, "face_detector.tflite")
        mesh = models / "face_landmark" / "face_landmark.tflite"
        bundle.write(mesh, "face_landmarks_detector.tflite")
    return path


def find(tmp_path: Path, *pictures: Path, **settings: str) -> list:
    with ExitStack() as stack:
        finder, _ = open_finder(make_study(tmp_path / "s", **settings), stack)
        return [finder(picture) for picture in pictures]


def check_portrait(points: np.ndarray) -> None:
    assert points.shape == (68, 2)
    for name, (part, x, y, tolerance) in SEEN.items():
        distance = np.hypot(*(points[part].mean(axis=0) - [x, y]))
        assert distance < tolerance, name
    assert (np.diff(points[:17, 0]) > -3).all()  # along the jaw from left to right
    assert (np.diff(points[17:27, 0]) > 0).all()  # along the brows
    polygons = region_polygons(points)
    assert region_of(points[[38, 43, 29]], polygons).tolist() == ["left_eye", "right_eye", "nose"]


def test_a_real_face_is_found_and_noise_is_none(tmp_path, portrait, capfd):
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (762, 562, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    found, nothing = find(tmp_path, portrait, tmp_path / "noise.png")
    check_portrait(found)
    assert nothing is None
    assert "W0000" not in capfd.readouterr().err


def test_a_model_file_of_the_user_is_loaded_and_used(tmp_path, portrait, task_file):
    write_picture(tmp_path / "grey.png", 1)
    found, nothing = find(tmp_path, portrait, tmp_path / "grey.png", landmark_model=str(task_file))
    # The mesh in the package has ten vertices less than a landmarker's, so that only the
    # path through the model can be tried with it, not the places.
    assert found.shape == (68, 2)
    assert np.isfinite(found).all()
    assert nothing is None


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_wrong_model_file_is_refused(tmp_path, content):
    path = tmp_path / "model.task"
    if content:
        path.write_bytes(content)
    with pytest.raises(InputError, match="must be a MediaPipe face landmarker"):
        find(tmp_path, landmark_model=str(path))


def test_left_and_right_use_mirrored_vertices():
    assert VERTICES_OF_POINT.shape == (68, 2)
    brows = VERTICES_OF_POINT[17:27].ravel()
    assert len(set(brows)) == len(brows)
    assert VERTICES_OF_POINT.min() >= 0
    assert VERTICES_OF_POINT.max() < 468


def test_vertices_become_pixels_with_centres_at_integers():
    class Vertex:
        x, y = 0.5, 0.25

    points = ibug_points([Vertex()] * 468, (200, 100, 3))
    np.testing.assert_allclose(points, np.tile([49.5, 49.5], (68, 1)))


def test_real_pictures_without_a_face_are_listed_and_not_cropped(tmp_path, portrait):
    study = make_study(tmp_path / "s", validation_actors=0)
    write_face_set(study.pictures_dir, ["F02"], landmarks=False)
    write_picture(study.pictures_dir / "AF01HAS.png", 1)
    (study.pictures_dir / "AF01HAS.png").write_bytes(portrait.read_bytes())
    register_pictures(study)
    problems = read_table(study.problems_tsv, what="problems")
    assert (problems["kind"] == "face").sum() == 14
    assert list(read_table(study.crops_tsv, what="crops")["image_id"]) == ["AF01HAS"]
    marks = read_table(study.landmarks_tsv, what="landmarks")
    assert marks["method"].iloc[0].startswith("mediapipe-")
    (study.pictures_dir / "AF01HAS.png").unlink()
    with pytest.raises(InputError, match="in none of its 14 pictures was one found"):
        register_pictures(study)

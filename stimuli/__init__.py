"""What is shown: face sets, expressions, crops, landmarks, regions and splits."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "catalog": ("read_manifest", "read_crops", "read_splits", "crop_rects", "picture_landmarks"),
    "ekman": ("canonical_mask", "ekman_mask"),
    "expressions": ("EXPRESSIONS", "expression_name"),
    "frames": ("Rect", "Screen", "move_points"),
    "noise": ("add_gaussian_noise",),
    "normalised": ("mesh_points", "normalised_places"),
    "pictures": ("load_picture", "load_pictures"),
    "regions": ("REGIONS", "region_masks", "region_of", "region_polygons"),
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts at once."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'stimuli' has no attribute {name!r}")
    return getattr(import_module(f"stimuli.{_MODULE_OF[name]}"), name)

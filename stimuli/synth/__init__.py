"""Synthetic faces: a parametric face set in KDEF's format, with its truth."""

"""The ground that faceoff stands on: the study folder, its settings, tables, provenance."""

from study.errors import InputError, did_you_mean
from study.folder import Study, create_study, open_study

__all__ = ["InputError", "Study", "create_study", "did_you_mean", "open_study"]

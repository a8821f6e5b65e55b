"""Eyes against nets: perturbation, map metrics and the statistics that compare them."""

from importlib import import_module
from typing import Any

_HOMES = {
    "aopc": "curves",
    "auc": "curves",
    "auc_of_difference": "curves",
    "auc_judd": "fixation_metrics",
    "auc_shuffled": "fixation_metrics",
    "cc": "map_metrics",
    "cluster_test": "map_differences",
    "emd": "map_metrics",
    "fit_binomial": "binomial_models",
    "fit_linear": "linear_models",
    "fit_psychometric": "psychometric",
    "information_gain": "fixation_metrics",
    "kl": "map_metrics",
    "mask_table": "mask_tables",
    "nss": "fixation_metrics",
    "otsu_threshold": "mask_overlap",
    "overlap": "mask_overlap",
    "read_heatmaps": "mask_files",
    "rank_correlation": "map_metrics",
    "relabelling_test": "similarity",
    "sim": "map_metrics",
    "order_logits": "perturbation",
    "paired_tests": "statistics",
    "removal_order": "tiles",
    "tile_scores": "tiles",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that the package stays cheap."""
    if name in _HOMES:
        return getattr(import_module(f"comparison.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'comparison' has no attribute {name!r}")

"""Where nets look: networks that name expressions, trained, judged and explained."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnn.network import Network, load_network

__all__ = ["Network", "load_network"]


def __getattr__(name: str) -> Any:
    """Import the network's module only when it is asked for."""
    if name in __all__:
        from cnn import network

        return getattr(network, name)
    raise AttributeError(f"module 'cnn' has no attribute {name!r}")

"""A window of numbers: it flips at once, and its clock moves a frame with each flip."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from stimuli.frames import screen_from
from study.settings.screen import ScreenSettings


def fake_window(intervals_ms: Iterator[float], *, synchronised: bool = True) -> Any:
    """Make one; it takes the place of an `experiment.window.Window`."""
    return _FakeWindow(intervals_ms, synchronised=synchronised)


class _FakeWindow:
    """What the checks and the timing run ask of a window."""

    def __init__(self, intervals_ms: Iterator[float], *, synchronised: bool = True) -> None:
        self._intervals_ms = intervals_ms
        self._now_s = 100.0
        self.synchronised = synchronised
        self.screen = screen_from(ScreenSettings())
        self.watchers: list[Callable[[], None]] = []
        self.drawn: list[tuple[int, int, int]] = []
        self.shown: list[tuple[int, int, int]] = []
        visual = SimpleNamespace(Rect=self._rect)
        self.psychopy = SimpleNamespace(visual=visual)
        self.handle = SimpleNamespace(
            frameBufferSize=(1920, 1080),
            clientSize=(1920, 1080),
            winHandle=SimpleNamespace(screen=SimpleNamespace(width=1920, height=1080)),
            frameIntervals=[],
            lastFrameT=0.0,
            flip=self.flip,
        )

    def _rect(self, _window: Any, fillColor: tuple[int, int, int], **_: Any) -> Any:  # noqa: N803
        return SimpleNamespace(draw=lambda: self.drawn.append(fillColor))

    def now_s(self) -> float:
        return self._now_s

    def flip(self, on_flip: Callable[[], object] | None = None) -> None:
        interval_s = next(self._intervals_ms) / 1000
        self._now_s += interval_s
        self.handle.lastFrameT = self._now_s
        self.handle.frameIntervals.append(interval_s)
        self.shown += self.drawn[-1:]
        # What is called at a flip runs a little later.
        self._now_s += 2e-5
        if on_flip is not None:
            on_flip()
        self._now_s -= 2e-5

    def count_frames(self) -> None:
        self.handle.frameIntervals = []

    def frames_counted(self) -> None:
        pass

    @contextmanager
    def esc_as_key(self) -> Iterator[None]:
        yield

    def pointer_px(self) -> tuple[float, float]:
        return 0.0, 0.0

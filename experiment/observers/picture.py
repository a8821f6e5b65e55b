"""What one picture does to everybody who sees it: where it draws the eyes, how hard it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from stimuli.regions import REGIONS
from study.seeds import generator


@dataclass(frozen=True)
class PictureEffect:
    """How a picture differs from the average picture of its expression.

    Parameters
    ----------
    strategy : mapping of str to float
        What is added to the log weight of each region.
    accuracy_logits : float
        What is added to the logit of the right answer: below 0 for a hard picture.
    speed_log : float
        What is added to the log of reaction times: above 0 for a slow picture.
    """

    strategy: Mapping[str, float]
    accuracy_logits: float
    speed_log: float


@dataclass(frozen=True)
class PictureSpread:
    """How much pictures differ, and the seed from which each picture's effect follows.

    Parameters
    ----------
    seed : int
        The observers' seed: all observers of one seed see the same pictures.
    strategy : float
        Standard deviation of region weights, log units.
    accuracy : float
        Standard deviation of difficulty, logits.
    speed : float
        Standard deviation of reaction times, log units.
    """

    seed: int
    strategy: float
    accuracy: float
    speed: float

    def draw(self, image_id: str) -> PictureEffect:
        """Draw the effect of a picture.

        Parameters
        ----------
        image_id : str
            Which picture; another id gives another, independent effect.

        Returns
        -------
        PictureEffect
            The same for the same spread and picture.

        Examples
        --------
        >>> spread = PictureSpread(1, strategy=0.15, accuracy=0.5, speed=0.1)
        >>> spread.draw("AF01HAS") == spread.draw("AF01HAS") != spread.draw("AF02HAS")
        True
        """
        regions = self._normal("regions", image_id, size=len(REGIONS))
        return PictureEffect(
            strategy={
                name: self.strategy * value for name, value in zip(REGIONS, regions, strict=True)
            },
            accuracy_logits=self.accuracy * self._normal("accuracy", image_id)[0],
            speed_log=self.speed * self._normal("speed", image_id)[0],
        )

    def _normal(self, name: str, image_id: str, size: int = 1) -> list[float]:
        """Draw standard normal numbers from a stream of the picture's own."""
        draws: list[float] = (
            generator(self.seed, "picture", name, image_id).normal(size=size).tolist()
        )
        return draws

"""What an observer answers, and when."""

from dataclasses import dataclass

import numpy as np

from experiment.observers.observer import Observer

#: Nobody names an expression faster than this.
FASTEST_MS = 300.0


@dataclass(frozen=True)
class Response:
    """An answer.

    Parameters
    ----------
    expression : str
        What was answered.
    correct : bool
        Whether that was shown.
    rt_ms : float
        Time from face onset to the key press, to a tenth.
    """

    expression: str
    correct: bool
    rt_ms: float


def draw_response(observer: Observer, shown: str, generator: np.random.Generator) -> Response:
    """Draw an observer's answer to one face.

    Reaction times are ex-Gaussian (the sum of a normal and an exponential variable).

    Parameters
    ----------
    observer : Observer
        Who answers.
    shown : str
        The expression of the face.
    generator : numpy.random.Generator
        Where the randomness of this answer comes from.

    Returns
    -------
    Response
        The answer and its time.

    References
    ----------
    Luce (1986), *Response Times*, for the ex-Gaussian.

    Examples
    --------
    >>> from experiment.observers.observer import draw_observer
    >>> from study.settings.observers import ObserversSettings
    >>> observer = draw_observer(ObserversSettings(accuracy={"happy": 1.0}), "sub-001", seed=1)
    >>> draw_response(observer, "happy", np.random.default_rng(1)).expression
    'happy'
    """
    correct = bool(generator.random() < observer.accuracy[shown])
    wrong_answers = observer.confusions[shown]
    wrong = str(generator.choice(list(wrong_answers), p=list(wrong_answers.values())))
    parameters = observer.reaction_time[shown]
    rt_ms = generator.normal(parameters.mu_ms, parameters.sigma_ms)
    rt_ms += generator.exponential(parameters.tau_ms)
    if not correct:
        rt_ms *= observer.rt_error_factor
    return Response(shown if correct else wrong, correct, round(max(float(rt_ms), FASTEST_MS), 1))

"""What an observer answers, and when."""

from dataclasses import dataclass, replace

import numpy as np

from experiment.observers.observer import Observer
from study.settings.experiment import ExperimentSettings

#: Nobody names an expression faster than this.
FASTEST_MS = 300.0
#: Who may not answer earlier answers this long after it is allowed, at the earliest.
AFTER_WAITING_MS = 300.0
#: How sure observers are of right and of wrong answers: the mean on a scale from 0 to 1.
SURE_IF_RIGHT, SURE_IF_WRONG = 0.75, 0.4
#: How long they take to say so.
CONFIDENCE_MEAN_MS, CONFIDENCE_SD_MS = 600.0, 100.0


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


@dataclass(frozen=True)
class Confidence:
    """How sure an observer says an answer was.

    Parameters
    ----------
    level : int
        From 1, not at all, to the highest level.
    rt_ms : float
        Time from the question to the key press, to a tenth.
    """

    level: int
    rt_ms: float


def draw_confidence(correct: bool, n_levels: int, generator: np.random.Generator) -> Confidence:
    """Draw how sure an observer is of an answer: surer of right ones.

    Parameters
    ----------
    correct : bool
        Whether the answer was right.
    n_levels : int
        Levels of the scale, 1 or more.
    generator : numpy.random.Generator
        Where the randomness of this judgement comes from.

    Returns
    -------
    Confidence
        The level, binomial over the scale, and its time.

    Examples
    --------
    >>> draw_confidence(True, 5, np.random.default_rng(1)).level
    4
    """
    level = 1 + int(generator.binomial(n_levels - 1, SURE_IF_RIGHT if correct else SURE_IF_WRONG))
    rt_ms = generator.normal(CONFIDENCE_MEAN_MS, CONFIDENCE_SD_MS)
    return Confidence(level, round(max(float(rt_ms), FASTEST_MS), 1))


def answer_time_ms(response: Response, settings: ExperimentSettings) -> float:
    """Say when an observer answers who waits until answers count.

    Parameters
    ----------
    response : Response
        What the observer would answer, and when.
    settings : ExperimentSettings
        When answers count.

    Returns
    -------
    float
        From the face's onset.

    Examples
    --------
    >>> viewing = ExperimentSettings(face_ms=2000, free_viewing=True)
    >>> answer_time_ms(Response("happy", True, 900.0), viewing)
    2300.0
    """
    if not settings.earliest_answer_ms:
        return response.rt_ms
    return max(response.rt_ms, settings.earliest_answer_ms + AFTER_WAITING_MS)


def in_time(response: Response, settings: ExperimentSettings) -> Response | None:
    """Give the answer when it is given, and none where the time for it is up.

    Parameters
    ----------
    response : Response
        What the observer would answer, and when.
    settings : ExperimentSettings
        When answers count.

    Returns
    -------
    Response or None
        The answer that is given.

    Examples
    --------
    >>> in_time(Response("happy", True, 900.0), ExperimentSettings(response_limit_ms=800)) is None
    True
    """
    rt_ms = answer_time_ms(response, settings)
    if settings.response_limit_ms and rt_ms >= settings.response_limit_ms:
        return None
    return replace(response, rt_ms=rt_ms)

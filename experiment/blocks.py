"""The course of a session: practice in rounds, then blocks with breaks between them."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby

from experiment.preparation import SessionPlan
from experiment.proceedings import Proceedings
from experiment.screens import Screens
from experiment.session_files import SessionFiles
from experiment.trial import mask_name
from experiment.window import Window
from participants.plans import PlannedTrial


class Blocks:
    """Runs practice and blocks, with the screens before and between them.

    Parameters
    ----------
    prepared : SessionPlan
        What is shown.
    window : Window
        Where it is shown.
    screens : Screens
        Shows texts.
    files : SessionFiles
        Where it is noted that practice did not suffice.
    proceedings : Proceedings
        Runs trials and calibrations, with the experimenter's panel.
    """

    def __init__(
        self,
        prepared: SessionPlan,
        window: Window,
        screens: Screens,
        files: SessionFiles,
        proceedings: Proceedings,
    ) -> None:
        self._prepared = prepared
        self._window = window
        self._screens = screens
        self._files = files
        self._proceedings = proceedings

    def practise(self, trials: Sequence[PlannedTrial], advance: Callable[[int], None]) -> None:
        """Practise in rounds until enough answers are right.

        Parameters
        ----------
        trials : sequence of PlannedTrial
            The practice trials that are left.
        advance : callable
            Moves the bar on.
        """
        criterion = self._prepared.study.settings.participants.practice_criterion
        shares: list[float] = []
        for number, group in groupby(trials, key=lambda trial: trial.practice_round):
            round_trials = list(group)
            shares = self._shares_correct(before=number)
            if max(shares, default=-1.0) >= criterion:
                advance(len(round_trials))
                continue
            self._load(round_trials)
            if shares:
                self._read("practice_again", percent=round(100 * shares[-1]))
            else:
                self._read("practice", keys="", n_trials=len(round_trials))
            self._run_trials(round_trials, advance)
            shares = self._shares_correct(before=number + 1)
        if shares and max(shares) < criterion:
            self._practice_failed(shares[-1], criterion)

    def _shares_correct(self, before: int) -> list[float]:
        """Give the shares of right answers in the rounds of practice before some round."""
        rounds = [
            [
                self._proceedings.correct[t.trial]
                for t in group
                if t.trial in self._proceedings.correct
            ]
            for number, group in groupby(self._prepared.plan.trials, key=lambda t: t.practice_round)
            if 0 < number < before
        ]
        return [sum(answers) / len(answers) for answers in rounds if answers]

    def _practice_failed(self, share: float, criterion: float) -> None:
        """Let the experimenter decide whether somebody who did not learn it goes on."""
        self._files.log("practice criterion missed", detail=f"{share:.3f} of {criterion:g}")
        if not self._screens.reads_by_itself:
            percents = {"percent": round(100 * share), "criterion": round(100 * criterion)}
            self._proceedings.stand_between(
                self._prepared.texts.screen("practice_failed", **percents)
            )

    def run_blocks(self, trials: Sequence[PlannedTrial], advance: Callable[[int], None]) -> None:
        """Run the main trials, with a break before each block but the first.

        Parameters
        ----------
        trials : sequence of PlannedTrial
            The main trials that are left.
        advance : callable
            Moves the bar on.
        """
        n_blocks = max((trial.block for trial in self._prepared.trials), default=0)
        begun = False
        for block, group in groupby(trials, key=lambda trial: trial.block):
            block_trials = list(group)
            self._load(block_trials)
            if not begun:
                self._read("main", keys="", n_trials=len(trials))
            else:
                self._read("break", block=block - 1, n_blocks=n_blocks)
                self._after_break()
            begun = True
            condition = self._prepared.texts.of_condition(block_trials[0].condition)
            if condition:
                self._proceedings.read(condition)
            self._run_trials(block_trials, advance)

    def _after_break(self) -> None:
        """Validate or calibrate after a break, as the settings say."""
        follows = self._prepared.study.settings.experiment.calibration.after_breaks
        if follows != "nothing":
            self._proceedings.calibrate("after a break", validate_only=follows == "validate")

    def _load(self, trials: Sequence[PlannedTrial]) -> None:
        """Put everything that a block shows on the graphics card."""
        pictures = self._prepared.pictures
        names = sorted({trial.image_id for trial in trials})
        names += [mask_name(name) for name in names if mask_name(name) in pictures]
        self._window.draw.load_pictures({name: pictures[name] for name in names})

    def _run_trials(self, trials: Sequence[PlannedTrial], advance: Callable[[int], None]) -> None:
        """Run trials one after another; each row is on the disk before the next trial."""
        for trial in trials:
            correct = self._proceedings.run_trial(trial)
            if trial.phase == "practice" and trial.trial in self._proceedings.correct:
                self._proceedings.careful(
                    partial(self._screens.give_feedback, trial.expression, correct=correct)
                )
            if not self._screens.pause():
                self._proceedings.stand_between()
            advance(1)

    def _read(self, name: str, **values: object) -> None:
        """Show a screen of text until the participant goes on."""
        self._proceedings.read(self._prepared.texts.screen(name, **values))

"""Settings of the section [confirmatory] of study.toml."""

from typing import Literal

from pydantic import Field, model_validator

from study.settings.base import Section


class PlannedQuestion(Section):
    """One question that was asked before the data were seen, and the test that answers it."""

    topic: Literal["perturbation", "agreement", "accuracy"]
    measure: str
    a: str
    b: str
    expression: str = "all"
    test: Literal["permutation", "t", "wilcoxon", "equivalence"] = "permutation"
    alternative: Literal["two-sided", "greater", "less"] = "two-sided"
    alpha: float = Field(0.05, gt=0, lt=0.5)
    bound: float = Field(0.0, ge=0)
    bound_unit: Literal["d_z", "raw"] = "d_z"

    @model_validator(mode="after")
    def _check_bound(self) -> "PlannedQuestion":
        """Ask for a bound where equivalence is tested, and only there."""
        if (self.test == "equivalence") != (self.bound > 0):
            raise ValueError(
                "bound must be above 0 with test = 'equivalence', and left out with other tests"
            )
        if self.test == "equivalence" and self.alternative != "two-sided":
            raise ValueError("alternative must be left out with test = 'equivalence'")
        if self.a == self.b:
            raise ValueError("a and b must be two conditions, and not the same one")
        return self


class ConfirmatorySettings(Section):
    """The plan: which questions are confirmatory, once `faceoff compare register` has kept it."""

    questions: list[PlannedQuestion] = Field(
        [],
        description="each { topic, measure, a, b, expression, test, alternative, alpha, bound, "
        "bound_unit }, see docs/statistics.md; usually written as [[confirmatory.questions]]",
    )
    correction: Literal["holm", "none"] = Field(
        "holm",
        description="how the p values of the plan are corrected for their number before they are "
        "held against alpha",
    )

    @model_validator(mode="after")
    def _check_questions(self) -> "ConfirmatorySettings":
        """Refuse a question that is asked twice."""
        for place, question in enumerate(self.questions):
            if question in self.questions[:place]:
                raise ValueError(f"questions must differ, but number {place + 1} is asked twice")
        return self

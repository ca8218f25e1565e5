"""A prior as a record, and the range of priors that a model amortised over its prior knows."""

from dataclasses import MISSING, dataclass

from dlgmm_core.checks import NUMBERS, POSITIVE, Check, Record, require, setting

__all__ = ["Context", "ContextSampler"]

_SHARE = Check("a number from 0 to 1", lambda value: type(value) in (int, float) and 0 <= value <= 1)


@dataclass(frozen=True)
class Context(Record):
    """One prior of those that an amortised model knows: the means of its components, and the Dirichlet's alpha."""

    prior_means: tuple[float, ...] = setting(
        MISSING, NUMBERS, "means of the components; each is used for all coordinates"
    )
    concentration: float = setting(MISSING, POSITIVE, "α of the Dirichlet")


@dataclass(frozen=True)
class ContextSampler(Record):
    """The range of priors that an amortised model knows, and how often training draws which (`model.contexts`).

    Means of a context are evenly spaced around 0, evenly spaced with one moved, or independent of each other.
    """

    largest_mean: float = setting(2.0, POSITIVE, "largest mean of a component; the smallest is minus this")
    smallest_concentration: float = setting(0.02, POSITIVE, "alpha at least")
    largest_concentration: float = setting(5.0, POSITIVE, "alpha at most")
    evenly_spaced: float = setting(0.4, _SHARE, "share of contexts whose means are evenly spaced")
    one_moved: float = setting(
        0.25, _SHARE, "share of contexts with one mean moved; those of all others are independent"
    )
    at_ends: float = setting(
        0.3, _SHARE, "share of spacings at an end of their range, all means 0 or as far as they go"
    )
    alpha_one: float = setting(0.3, _SHARE, "share of contexts whose alpha is 1")
    alpha_at_ends: float = setting(0.2, _SHARE, "share of all other contexts whose alpha is at an end of its range")

    def __post_init__(self) -> None:
        """Checks the fields, the order of the ends, and that the shares of the families sum to one at most."""
        super().__post_init__()
        require(
            self.smallest_concentration < self.largest_concentration,
            "⟨smallest_concentration⟩ must be below ⟨largest_concentration⟩.",
        )
        require(self.evenly_spaced + self.one_moved <= 1, "⟨evenly_spaced⟩ + ⟨one_moved⟩ must be at most 1.")

    def require(self, prior_means: tuple[float, ...], concentration: float) -> None:
        """Checks that the values of a context lie in the range.

        Raises:
            ConfigError: if they do not.
        """
        for number, mean in enumerate(prior_means, 1):
            require(
                abs(mean) <= self.largest_mean,
                f"This model knows prior means from {-self.largest_mean:g} to {self.largest_mean:g}, and that of"
                f" component {number} is {mean:g}: choose one in between.",
            )
        low, high = self.smallest_concentration, self.largest_concentration
        require(
            low <= concentration <= high,
            f"This model knows concentrations from {low:g} to {high:g}, not {concentration:g}: choose one in between.",
        )

"""The lesson's steps as data: page, text, question, measurement, and where to look afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dlgmm_core.experiments.table import FIGURE_2
from ui.components.live import REACH
from ui.lesson import layers, mixtures, modes, openings, outcomes, retraining
from ui.lesson.mixtures import MOST
from ui.lesson.outcomes import DLGMM, PAPER, Outcome

__all__ = ["ANSWER", "STEPS", "Step", "offered_steps"]

ANSWER = r"\answer"  # in an equation, the place of its value


@dataclass(frozen=True)
class Step:
    r"""One prediction, on one page.

    Attributes:
        page: the page's name in the address.
        title: of the card.
        text: what the visitor needs to know or do before guessing.
        equation: what is computed, in LaTeX, with `\answer` for its value.
        question: whose answer is guessed.
        measure: the answer; None while the visitor has still to give it something to measure.
        then: what to look at on the page afterwards.
        hides: whether the page stays hidden until the visitor has guessed, because it shows the answer; where the
            guess is about something on the page, that is shown alone.
        widgets: the values of the page's widgets when it opens, by their keys.
        opens: gives further ones, which depend on what is there.
        compares: the checkpoints that the page compares when it opens; none for those of the sidebar.
        most, decimals, unit: of a guess that is a number.
        is_offered: whether there is what it asks about.
    """

    page: str
    title: str
    text: str
    equation: str
    question: str
    measure: Callable[[], Outcome | None]
    then: str
    hides: bool = True
    widgets: Mapping[str, str] = field(default_factory=dict)
    opens: Callable[[], Mapping[str, Any]] = dict
    compares: tuple[str, ...] = ()
    most: float = 100.0
    decimals: int = 0
    unit: str = ""
    is_offered: Callable[[], bool] = lambda: True


STEPS = (
    Step(
        "digit",
        "Draw",
        "Draw a digit on the pad below, or choose a test digit. It is scaled to the size of MNIST's digits, and every"
        " pixel is sampled once, with its grey level as the probability of ink: the model sees zeros and ones.",
        r"\begin{gathered} x_i \sim \mathrm{Bernoulli}(g_i / 255) \\ \sum_{i=1}^{784} x_i = \answer \end{gathered}",
        "How many of the 784 pixels of your digit are ink?",
        outcomes.ink,
        "See below what the model sees of your digit. Draw another with thicker or thinner strokes.",
        hides=False,
        widgets={"digit-source": "Draw", "digit-view": "Weights"},
        most=784.0,
        unit="pixels",
    ),
    Step(
        "digit",
        "Reconstruct",
        "The encoder turns an image into a code, and the decoder turns the code's mean back into probabilities of ink."
        " What is lost is measured in nats: minus the log probability of the image under its reconstruction.",
        r"\begin{gathered} \ell(x) = -\sum_{i} \log p(x_i \mid \bar z(x)) \\"
        r" \operatorname*{arg\,max}_c\; \mathbb{E}_{x \in c}\,\ell(x) = \answer \end{gathered}",
        "Which digit does the DLGMM reconstruct worst on average?",
        outcomes.worst_digit,
        "Choose test digits of that class below, and see where the reconstruction is grey.",
        widgets={"digit-source": "Test digit", "digit-view": "Weights", "digit-checkpoint": DLGMM},
    ),
    Step(
        "digit",
        "Stick",
        "The encoder breaks a stick into the mixture weights π: first it breaks off a fraction v₁, then a fraction v₂"
        " of the rest, and so on. Each fraction has a Kumaraswamy distribution with its own a and b; the first is the"
        " weight of component 1. Under the prior, all K components have the same expected weight.",
        r"\begin{gathered} \pi_1 = v_1, \quad \mathbb{E}[v_1] = 1/K \\"
        r" \mathbb{E}[v_1 \mid x] = b\, B(1 + 1/a,\, b) \\ {} = \answer \end{gathered}",
        "Is the mean of the first fraction of this digit larger or smaller than the prior's, 1/K?",
        outcomes.first_break,
        "The stick below is broken at these means; the question was about the first break. Find a digit for"
        " which it lies on the other side of 1/K.",
        widgets={"digit-view": "Stick", "digit-checkpoint": FIGURE_2},
    ),
    Step(
        "components",
        "Components",
        "This model's prior is a mixture of Gaussian components of the same width. Codes are drawn from each, and the"
        " decoder turns every code into 784 probabilities of ink. Their entropy measures how uncertain the picture is:"
        " a clear digit has a low one.",
        r"\begin{gathered} H(z) = -\sum_i p_i \log p_i \\ {} - \sum_i (1 - p_i) \log (1 - p_i) \\"
        r" \operatorname*{arg\,min}_{m_k}\; \mathbb{E}_\varepsilon\, H(m_k + s_k\,\varepsilon) = \answer"
        r" \end{gathered}",
        "Which component draws the clearest digits? They are named by their means.",
        outcomes.clearest_component,
        "Each row below is a component, and all rows use the same noise. What do the digits of a column share?",
        opens=openings.open_figure_2,
    ),
    Step(
        "components",
        "Drag a prior",
        f"The decoder was trained on codes near its components. Now the mean of the middle component is moved to"
        f" {REACH:g}, where there is no other, and nothing is retrained.",
        rf"\begin{{gathered}} z = m + s\,\varepsilon, \quad m \to {REACH:g} \\"
        r" \mathbb{E}_\varepsilon\, H(z) = \answer \end{gathered}",
        "Will the digits of the middle component become blurrier or clearer?",
        outcomes.dragged_component,
        "Drag the slider of the middle component's mean to its right end, and watch its row.",
        opens=openings.open_figure_2,
    ),
    Step(
        "latent",
        "t-SNE",
        "t-SNE places the codes of the test images in the plane so that neighbours stay neighbours: it minimises the"
        " divergence between P, the similarities of the codes, and Q, those of the points on the map. Neither the"
        " model nor the map is given the classes.",
        r"\begin{gathered} \min\; \mathrm{KL}(P \,\|\, Q) = \sum_{i \ne j} p_{ij} \log \frac{p_{ij}}{q_{ij}} \\"
        r" \mathbb{E}_i\, \tfrac{1}{10} \textstyle\sum_{j \in N(i)} [y_j = y_i] = \answer \end{gathered}",
        "Of the ten images nearest to an image on the DLGMM's map, N(i), how many percent show the same digit?",
        outcomes.purity,
        "Point at an image that lies among those of another digit, and find it on the other map.",
        opens=openings.open_classes,
        compares=PAPER,
        decimals=1,
        unit="%",
    ),
    Step(
        "knn",
        "kNN",
        "The paper evaluates codes by k-nearest-neighbour classification: a test image gets the majority class of its"
        " k nearest training codes. Here a code is one draw from the posterior, as in the paper, and all models are"
        " trained with the paper's recipe.",
        r"\begin{gathered} \hat y = \operatorname*{arg\,max}_c \textstyle\sum_{j \in N_5(x)} [y_j = c] \\"
        r" \operatorname*{arg\,min}_{\text{model}}\; P(\hat y \ne y) = \answer \end{gathered}",
        "Which model makes the fewest mistakes at k = 5?",
        outcomes.knn_winner,
        "Use fewer training points below, or the posterior's mean as the code, and see which models get worse.",
        opens=openings.open_search,
        compares=PAPER,
    ),
    Step(
        "likelihood",
        "log p(x)",
        "The ELBO is a lower bound on log p(x). So is, in expectation, the logarithm of the mean of S importance"
        " weights, and it approaches log p(x) as S grows. Here both are for the DLGMM, averaged over the test images.",
        r"\begin{gathered} z_s \sim q(z \mid x) \\ w_s = \frac{p(x \mid z_s)\, p(z_s)}{q(z_s \mid x)} \\"
        r" \log \frac{1}{S} \sum_{s=1}^{5000} w_s - \mathrm{ELBO} = \answer \end{gathered}",
        "By how many nats per image is the estimate with S = 5000 above the ELBO?",
        outcomes.samples_gain,
        "Compare the models below at the same S only, and with the paper at S = 50.",
        compares=PAPER,
        decimals=1,
        unit="nats",
    ),
    Step(
        "likelihood",
        "What does a mixture gain?",
        "In the models of the paper's tables all components of the prior are the same, and nothing is gained by a"
        " mixture: with any weights, the prior of a code is one Gaussian. In the tuned ones the components are learnt."
        " All have codes of 25 numbers, and are otherwise trained in the same way.",
        r"\begin{gathered} p(z) = \textstyle\sum_k \mathbb{E}[\pi_k]\, \mathcal{N}(z; m_k, S_k) \\"
        r" -\log p_{\text{Gauss-VAE}} \\ {} + \log p_{\text{DLDPMM}} = \answer \end{gathered}",
        "By how many nats per image is −log p(x) of the tuned DLDPMM lower than that of the tuned Gauss-VAE?",
        mixtures.mixture_gain,
        "Find the tuned models below: is the difference larger than their intervals?",
        compares=mixtures.TUNED,
        decimals=1,
        unit="nats",
        is_offered=mixtures.has_tuned_rows,
    ),
    Step(
        "components",
        "Class or style?",
        "This mixture was trained to have different components, without classes. Every test image goes to the component"
        " of its largest weight. The picture is the decoded mean of one component. Are at least"
        f" {100 * MOST:.0f} % of its images of one digit? If so, does it have at least {100 * MOST:.0f} % of that"
        " digit's images, or only a style of them?",
        r"\begin{gathered} n_{kc} = \#\{i : \hat k_i = k,\, y_i = c\} \\[4pt]"
        r" \frac{\max_c n_{kc}}{\sum_c n_{kc}},\; \frac{\max_c n_{kc}}{\sum_{k} n_{kc}} = \answer \end{gathered}",
        "What does this component hold?",
        mixtures.class_or_style,
        "Each row below is a component. Find the one in question, and those that draw the same digit. The page"
        " **Clusters** counts the classes of each.",
        opens=mixtures.open_clusters,
        is_offered=mixtures.has_clusters,
    ),
    Step(
        "components",
        "Several layers",
        "A code can itself be drawn from a mixture whose means are computed from another code above it: a model of"
        " several stochastic layers. The paper mentions this at the end of its section 2: the decoder must then be run"
        " once for every combination of components, one of each layer. Its conclusion calls the cost prohibitive.",
        r"\begin{gathered} p(z_1)\, p(z_2 \mid z_1)\, p(x \mid z_2) \\ K_1 \cdot K_2 = \answer \end{gathered}",
        f"A DLDPMM has two layers of {layers.COMPONENTS} components each. For one draw of every component, how many"
        " codes are decoded?",
        layers.decoded_codes,
        "In a model of two layers, open a component below: the rows under it are the second layer's. To train one, turn"
        " to the page **Train** and choose **Everything by hand**: under **More** are the stochastic layers and the"
        " decoded components, and the expected time follows.",
        hides=False,
        opens=layers.open_tree,
        most=10_000.0,
        unit="codes",
    ),
    Step(
        "components",
        "Retrain",
        "One model was trained for many priors at once and is given the one to use, so that it stands for the model"
        " that would have been trained with it. The mean of the middle component is moved from 0 to"
        f" {retraining.MOVED:g}, as far as this model knows, first without retraining, then with it.",
        r"\begin{gathered} z = m + s\,\varepsilon, \quad m = "
        + f"{retraining.MOVED:g}"
        + r" \\ \mathbb{E}_\varepsilon\, H_{\text{retrained}}(z) \\"
        r" {} - \mathbb{E}_\varepsilon\, H_{\text{not retrained}}(z) = \answer \end{gathered}",
        "Is the picture of a digit of the middle component more or less certain after retraining than without it?",
        retraining.retrained_component,
        "In each row below, the left half shows the model with this prior, the right half the decoder without"
        " retraining. Compare the halves of the middle row, then drag any mean, or play α.",
        opens=retraining.open_both,
        is_offered=retraining.has_amortised,
    ),
    Step(
        "plane",
        "The second mode",
        "With codes of two numbers the true posterior p(z|x) is known: it is computed on a grid. For most digits it has"
        " one mode. For this one it has several: places of the plane, apart from each other, from which the image is"
        " decoded well.",
        r"\begin{gathered} p(z \mid x) \propto p(x \mid z)\, p(z) \\ z_1^*,\, z_2^* \text{: its modes} \\"
        r" \text{class of the codes around } z_2^* \\ {} = \answer \end{gathered}",
        "Among the codes of which digit does the second largest mode lie?",
        modes.second_mode,
        "Beside the plane, or below it on a phone, is p(z|x); white is the encoder's q, which is one Gaussian in the"
        " first model. Find the modes in the plane: what is decoded there?",
        opens=modes.open_divided_digit,
        is_offered=modes.has_divided_digit,
    ),
)


def offered_steps() -> tuple[Step, ...]:
    """The steps of the lesson, without those whose models or figures are not there; their numbers are in links."""
    return tuple(step for step in STEPS if step.is_offered())

"""Every symbol and score of the app, defined once: for the page of the glossary and for tooltips elsewhere.

Equations are those of `docs/mathematics.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dlgmm_core.evaluate.clustering import IN_USE

__all__ = ["GROUPS", "Term", "meaning"]


@dataclass(frozen=True)
class Term:
    """One entry.

    Attributes:
        symbol: as it stands on pages, and as `meaning` is asked for it.
        name: in words; empty where the symbol is a word.
        definition: one or two sentences, without formatting.
        equation: in LaTeX.
        page: where to see it, by the page's name in the address.
        place: of the link there, in words.
        query: of that link.
    """

    symbol: str
    name: str
    definition: str
    equation: str
    page: str
    place: str
    query: Mapping[str, str] = field(default_factory=dict)


_TERMS_VIEW = {"digit-view": "ELBO terms"}

GROUPS: dict[str, tuple[Term, ...]] = {
    "The code and the mixture": (
        Term(
            "x",
            "image",
            "What a model sees: a zero or a one for each pixel. The decoder gives each pixel a probability of ink.",
            r"p(x \mid z) = \prod_i p_i^{x_i} (1 - p_i)^{1 - x_i}",
            "digit",
            "Your digit: what the model sees",
        ),
        Term(
            "z",
            "code",
            "The numbers that stand for an image: the encoder gives a distribution of them, the decoder draws from"
            " them.",
            r"x \to q(z \mid x) \to z \to p(x \mid z)",
            "latent",
            "Latent space: a map of codes",
        ),
        Term("D", "code size", "How many numbers a code has.", r"z \in \mathbb{R}^D", "likelihood", "Likelihood, by D"),
        Term(
            "K",
            "number of components",
            "How many Gaussian components a mixture has. In a DLDPMM it is the truncation T of an infinite process.",
            r"p(z \mid \pi) = \sum_{k=1}^{K} \pi_k\, \mathcal{N}(z; m_k, S_k)",
            "components",
            "Components: a row for each",
        ),
        Term(
            "path",
            "",
            "In a model of several stochastic layers, one component of each layer, from the first to the last. A bound"
            " decodes a code for every path, or for a few that are drawn at random.",
            r"P = K_1 K_2 \cdots K_L",
            "components",
            "Components: what is below each",
        ),
        Term(
            "prior",
            "",
            "The distribution of codes before an image is seen, written p. The four models differ in it.",
            r"p(x) = \int p(x \mid z)\, p(z)\, dz",
            "overview",
            "Overview: the priors of the models",
        ),
        Term(
            "posterior",
            "",
            "The distribution of codes and weights that the encoder gives for an image, written q(·|x). It approximates"
            " the exact one.",
            r"q(z, \pi \mid x) \approx p(z, \pi \mid x)",
            "digit",
            "Your digit",
        ),
        Term(
            "p(k|x)",
            "responsibility",
            "The probability that an image comes from component k. Estimated by the importance weights of draws of"
            " every component.",
            r"p(k \mid x) = \frac{\mathbb{E}[\pi_k]\, p(x \mid k)}{p(x)}",
            "clusters",
            "Clusters, by p(k|x)",
        ),
        Term(
            "ancestral sample",
            "",
            "An image drawn from the model itself: first the weights, then a component, its code, and the pixels.",
            r"v \to \pi \to k \to z \to x",
            "components",
            "Components: the first row",
        ),
    ),
    "The stick": (
        Term(
            "v",
            "fractions of the stick",
            "Fraction k is broken off what the breaks before it have left of a stick of length one.",
            r"0 < v_k < 1",
            "digit",
            "Your digit: the stick",
            {"digit-view": "Stick"},
        ),
        Term(
            "π",
            "mixture weights",
            "The pieces of the stick, which sum to one. The encoder predicts their distribution; E[π|x] is its mean.",
            r"\pi_k = v_k \textstyle\prod_{j<k} (1 - v_j)",
            "digit",
            "Your digit: weights",
            {"digit-view": "Weights"},
        ),
        Term(
            "α",
            "concentration",
            "Of the prior of the weights. In a DLGMM a small α lets an image have few large weights, a large one makes"
            " all weights alike; in a DLDPMM and in an SB-VAE a larger α makes more and smaller pieces.",
            r"\begin{gathered} \text{DLGMM: } v_k \sim \mathrm{Beta}(\alpha, (K-k)\alpha) \\"
            r" \text{DLDPMM, SB-VAE: } v_k \sim \mathrm{Beta}(1, \alpha) \end{gathered}",
            "kumaraswamy",
            "Kumaraswamy bench: the prior",
        ),
        Term(
            "a, b",
            "parameters of a Kumaraswamy distribution",
            "The two positive numbers by which the encoder gives the distribution of a fraction. Both 1: uniform. It"
            " replaces a Beta, which a uniform number u cannot be turned into by such a formula.",
            r"\begin{gathered} v = (1 - u^{1/b})^{1/a} \\ p(v) = a b\, v^{a-1} (1 - v^a)^{b-1} \end{gathered}",
            "kumaraswamy",
            "Kumaraswamy bench",
        ),
    ),
    "Bounds and likelihood": (
        Term(
            "KL",
            "Kullback-Leibler divergence",
            "How much one distribution differs from another, in nats: zero if they are equal, never negative, and not"
            " the same in both directions.",
            r"\mathrm{KL}(q \,\|\, p) = \mathbb{E}_q\!\left[\log \frac{q(v)}{p(v)}\right]",
            "kumaraswamy",
            "Kumaraswamy bench: the series",
        ),
        Term(
            "ELBO",
            "evidence lower bound",
            "A lower bound on log p(x), which training raises: the reconstruction's score, less what the code costs.",
            r"\begin{gathered} \mathbb{E}_q\!\left[\log p(x, z, \pi) - \log q(z, \pi \mid x)\right]"
            r" \\ {} \le \log p(x) \end{gathered}",
            "digit",
            "Your digit: ELBO terms",
            _TERMS_VIEW,
        ),
        Term(
            "eq1",
            "the paper's bound",
            "Scores the draw of each component under that component alone: the loosest of the three bounds, by which"
            " component k of the posterior means component k of the prior.",
            r"\begin{gathered} \textstyle\sum_k \mathbb{E}[\pi_k] \left(\log p(x \mid z_k) \right. \\"
            r" \left. {} + \mathbb{E}_{q_k}[\log p_k(z)]\right) \\"
            r" - \log \textstyle\sum_k \pi_k q_k(z_k) \\ - \mathrm{KL}(q(v \mid x) \,\|\, p(v)) \end{gathered}",
            "digit",
            "Your digit: ELBO terms",
            _TERMS_VIEW,
        ),
        Term(
            "mixture",
            "the bound that scores every draw under the whole mixture",
            "Tighter than eq1: a draw may be explained by any component. The weights are drawn, too.",
            r"\begin{gathered} \textstyle\sum_k \mathbb{E}[\pi_k] \log p(x \mid z_k) \\"
            r" + \textstyle\sum_k \pi_k \log \frac{p(z_k \mid \pi)}{q(z_k \mid \pi, x)} \\"
            r" - \mathrm{KL}(q(v \mid x) \,\|\, p(v)) \end{gathered}",
            "digit",
            "Your digit: ELBO terms",
            _TERMS_VIEW,
        ),
        Term(
            "marginal",
            "the bound without weights",
            "The tightest of the three: weights are integrated out of prior and posterior.",
            r"\textstyle\sum_k \mathbb{E}[\pi_k] \log \frac{p(x \mid z_k)\, p(z_k)}{q(z_k \mid x)}",
            "digit",
            "Your digit: ELBO terms",
            _TERMS_VIEW,
        ),
        Term(
            "iwae",
            "importance-weighted bound",
            "The logarithm of the mean of several importance weights: a bound that rises to log p(x) as their number"
            " grows. Tuned models are trained by it.",
            r"\mathbb{E}\!\left[\log \frac{1}{S} \sum_{s=1}^{S} w_s\right] \le \log p(x)",
            "overview",
            "Overview: the bound of each model",
        ),
        Term(
            "−log p(x)",
            "negative log-likelihood",
            "How improbable an image is under a model, in nats; lower is better. It is estimated from importance"
            " weights w, and too high in expectation.",
            r"\begin{gathered} -\log \hat p(x) = -\log \frac{1}{S} \sum_{s=1}^{S} w_s \\"
            r" w_s = \frac{p(x \mid z_s)\, p(z_s)}{q(z_s \mid x)} \end{gathered}",
            "likelihood",
            "Likelihood",
        ),
        Term(
            "S",
            "number of importance samples",
            "How many draws an estimate of log p(x) uses, those of all components together. Estimates at different S"
            " must not be compared.",
            r"\hat p_S(x) \to p(x) \text{ as } S \to \infty",
            "digit",
            "Your digit: log p(x) against S",
            {"digit-view": "log p(x)"},
        ),
        Term(
            "effective samples",
            "",
            "How many equally weighted draws an estimate is worth: near 1 where a single draw decides it.",
            r"\frac{\left(\sum_s w_s\right)^2}{\sum_s w_s^2}",
            "likelihood",
            "Likelihood: the table",
        ),
        Term(
            "nat",
            "",
            "The unit of the natural logarithm: one nat is 1.44 bits.",
            r"1 \text{ nat} = \log_2 e \text{ bits}",
            "likelihood",
            "Likelihood",
        ),
    ),
    "Scores": (
        Term(
            "kNN error",
            "",
            "The share of test images that do not have the class of most of their k nearest training codes. A code is a"
            " sample of the posterior, as in the paper, or its mean.",
            r"\begin{gathered} \hat y = \operatorname*{arg\,max}_c \textstyle\sum_{j \in N_k(x)} [y_j = c] \\"
            r" P(\hat y \ne y) \end{gathered}",
            "knn",
            "kNN",
        ),
        Term(
            "ACC",
            "accuracy of components",
            "The share of images in their class if each component stands for one class, by the best assignment g of"
            " components to different classes.",
            r"\max_g \frac{1}{N} \sum_i [y_i = g(k_i)]",
            "clusters",
            "Clusters: scores",
        ),
        Term(
            "purity",
            "",
            "The share of images that have the most frequent class of their component. It rises with K by itself.",
            r"\frac{1}{N} \sum_k \max_c n_{kc}",
            "clusters",
            "Clusters: scores",
        ),
        Term(
            "NMI",
            "normalised mutual information",
            "What components and classes tell of each other: 0 if nothing, 1 if each determines the other.",
            r"\frac{2\, I(k; y)}{H(k) + H(y)}",
            "clusters",
            "Clusters: scores",
        ),
        Term(
            "mean largest",
            "",
            "The mean over images of the largest of their probabilities: 1 if all are certain, 1/K if none tells"
            " anything.",
            r"\frac{1}{N} \sum_i \max_k p(k \mid x_i)",
            "clusters",
            "Clusters: scores",
        ),
        Term(
            "in use",
            "",
            f"A component is in use if at least one test image in {1 / IN_USE:,.0f} goes to it.",
            rf"n_k \ge N / {1 / IN_USE:.0f}",
            "clusters",
            "Clusters: scores",
        ),
        Term(
            "t-SNE",
            "t-distributed stochastic neighbour embedding",
            "A map of codes in the plane on which near ones stay near: distances between far clusters mean little.",
            r"\min\, \mathrm{KL}(P \,\|\, Q) = \sum_{i \ne j} p_{ij} \log \frac{p_{ij}}{q_{ij}}",
            "latent",
            "Latent space",
        ),
    ),
}

_BY_SYMBOL = {term.symbol: term for terms in GROUPS.values() for term in terms}


def meaning(*symbols: str) -> str:
    """What some symbols mean, a paragraph each, for a tooltip.

    Raises:
        KeyError: for a symbol that is not in the glossary.
    """
    terms = [_BY_SYMBOL[symbol] for symbol in symbols]
    return "\n\n".join(f"**{term.symbol}**{f', {term.name}' if term.name else ''}: {term.definition}" for term in terms)

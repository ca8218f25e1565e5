"""Terms of what is measured: bounds, likelihoods and scores."""

from dlgmm_core.evaluate.clustering import IN_USE
from ui.glossary.term import Term

__all__ = ["MEASURE_TERMS"]

_TERMS_VIEW = {"digit-view": "ELBO terms"}

MEASURE_TERMS: dict[str, tuple[Term, ...]] = {
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
            "A lower bound on log p(x), which training raises: how well codes reconstruct the image, less what they"
            " cost.",
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
            "the bound with the weights integrated out",
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
            " grows. Tuned models are trained on it.",
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
            "What components and classes say about each other: 0 if nothing, 1 if each determines the other.",
            r"\frac{2\, I(k; y)}{H(k) + H(y)}",
            "clusters",
            "Clusters: scores",
        ),
        Term(
            "mean largest",
            "",
            "The mean over images of the largest of their probabilities: 1 if all are certain, 1/K if the K"
            " probabilities of every image are equal.",
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
        Term(
            "perplexity",
            "",
            "About how many neighbours of each code a t-SNE map keeps near it: few show small groups, many show how"
            " groups lie.",
            r"2^{H_i}, \quad H_i = -\sum_j p_{j \mid i} \log_2 p_{j \mid i}",
            "latent",
            "Latent space: More",
        ),
    ),
}

"""Terms of what a model is: codes, mixtures, the stick that makes weights; and of what it is trained with."""

from ui.glossary.term import Term

__all__ = ["MODEL_TERMS"]

MODEL_TERMS: dict[str, tuple[Term, ...]] = {
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
            "amortised",
            "",
            "One network gives the posterior of every image, where each could have a search of its own. A model that is"
            " amortised over its prior is given a prior c, too, and stands for all priors of a range.",
            r"\begin{gathered} q(z, \pi \mid x, c),\ p(x \mid z, c) \\"
            r" c = (m_1, \dots, m_K, \log \alpha) \end{gathered}",
            "components",
            "Components: the sliders",
        ),
        Term(
            "p(k|x)",
            "responsibility",
            "The probability that an image comes from component k. It is estimated by importance sampling, with"
            " draws from every component.",
            r"p(k \mid x) = \frac{\mathbb{E}[\pi_k]\, p(x \mid k)}{p(x)}",
            "clusters",
            "Clusters, by p(k|x)",
        ),
        Term(
            "log odds",
            "",
            "The logarithm of a probability over that of the opposite, in nats: 0 at one half. They tell images apart"
            " whose probabilities are all printed as 1.",
            r"\log \frac{p}{1 - p}",
            "clusters",
            "Clusters: the most certain images",
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
            "Break k takes the fraction vₖ of what the breaks before it have left of a stick of length one.",
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
            "The concentration of the prior of the weights. In a DLGMM a small α lets an image have few large weights,"
            " a large one makes all weights nearly equal; in a DLDPMM and in an SB-VAE a larger α"
            " makes more and smaller pieces.",
            r"\begin{gathered} \text{DLGMM: } v_k \sim \mathrm{Beta}(\alpha, (K-k)\alpha) \\"
            r" \text{DLDPMM, SB-VAE: } v_k \sim \mathrm{Beta}(1, \alpha) \end{gathered}",
            "kumaraswamy",
            "Kumaraswamy bench: the prior",
        ),
        Term(
            "a, b",
            "parameters of a Kumaraswamy distribution",
            "The two positive parameters of the distribution of a fraction, which the encoder predicts. If both are 1,"
            " it is uniform. It replaces a Beta, for which there is no such formula from a uniform number u.",
            r"\begin{gathered} v = (1 - u^{1/b})^{1/a} \\ p(v) = a b\, v^{a-1} (1 - v^a)^{b-1} \end{gathered}",
            "kumaraswamy",
            "Kumaraswamy bench",
        ),
    ),
    "Training": (
        Term(
            "binarization",
            "",
            "How a grey level g from 0 to 1 becomes the zero or the one that a model sees: by one random draw for good"
            " (fixed), or by a new one in every epoch (dynamic).",
            r"x_i \sim \mathrm{Bernoulli}(g_i)",
            "likelihood",
            "Likelihood: the table of experiments",
        ),
        Term(
            "recipe",
            "",
            "How a model is built and trained: its sizes, the bound, the learning rate, the number of epochs and all"
            " other settings. With the same data and seed it gives the same model.",
            r"\text{data} \xrightarrow{\text{recipe, seed}} \text{model}",
            "train",
            "Train",
        ),
    ),
}

"""−log p(x) of the chosen models on a test set, and the paper's."""

from ui.glossary.terms import meaning
from ui.presentation import page_title
from ui.sidebar import selection
from ui.tables.likelihood_table import offer_measuring, show_likelihoods
from ui.tables.records import likelihood_records, show_records

page_title(
    "Likelihood",
    "−log p(x) measures how improbable a test image is under a model, in nats: lower is better. It is estimated with S"
    " importance samples and decreases towards the true value as S grows, so compare figures at the same S only; the"
    " paper used S = 50.",
    help=meaning("−log p(x)", "S", "effective samples", "nat"),
)
chosen = selection()
offer_measuring(show_likelihoods(chosen.checkpoints, chosen.dataset), chosen.dataset)

show_records(
    chosen.dataset,
    likelihood_records,
    "−log p(x) in nats per image by S; D is the code size; ± is the half width of a 95 % interval over images. S counts"
    " all draws, which a mixture"
    " spreads over its components in proportion to their weights; S = 5000 is S = 50 on the whole test set minus"
    " the mean gain in log p(x) on 500 images. The paper's figures for MNIST are for Larochelle's binarization, the"
    " same digits under other noise; those for Omniglot are for other reductions of the drawings to 28×28.",
)

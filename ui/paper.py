"""What the paper printed, to stand beside our figures.

Nalisnick, Hertel & Smyth (2016), section 3: errors in percent, -log p(x) in nats with S = 50. The
architectures are 500d-25s, 500d-25t, 500d-3x25s and 500d-17tx25s.
"""

__all__ = ["PAPER_KNN_ERROR", "PAPER_NLL"]

PAPER_KNN_ERROR = {
    "gauss-vae": {3: 28.4, 5: 20.96, 10: 15.33},
    "sb-vae": {3: 9.34, 5: 8.65, 10: 8.90},
    "dlgmm": {3: 9.14, 5: 8.38, 10: 8.42},
}
PAPER_NLL = {
    "binarized-mnist": {"gauss-vae": 96.80, "sb-vae": 98.01, "dlgmm": 96.50, "dldpmm": 96.91},
    "omniglot": {"gauss-vae": 119.18, "dlgmm": 123.50, "dldpmm": 123.76},
}
PAPER_NLL["mnist"] = PAPER_NLL["binarized-mnist"]  # the same digits under other noise

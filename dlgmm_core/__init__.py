"""Deep latent Gaussian mixtures: distributions, bounds, models, training and evaluation.

Reference: E. Nalisnick, L. Hertel and P. Smyth, "Approximate Inference for Deep Latent Gaussian
Mixtures", NIPS Workshop on Bayesian Deep Learning, 2016. The package never imports Streamlit.
"""

"""The paper's experiments and those beyond it: what is run, how it is recorded, and how it is told."""

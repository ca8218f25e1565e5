"""The paper's experiments and further ones: their definition, execution, records and tables."""

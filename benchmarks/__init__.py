"""The same model in plain SimPy, its agreement with the product, and the timed comparison of the two."""

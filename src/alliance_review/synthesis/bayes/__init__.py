"""The Bayesian normal-normal model, by quadrature."""

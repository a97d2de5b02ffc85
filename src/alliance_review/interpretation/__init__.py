"""What the pooled numbers may mean: paths, appraisal, certainty, scenario. No I/O, no plotting."""

"""The little glue that Hydra and Lightning need."""

"""The run record, collecting records, and dominance between them."""

"""Selection: the rungs of a ladder, and which candidates climb them."""

"""Pictures of differentiable searches: what they find, and how their choices come about."""

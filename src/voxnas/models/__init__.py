"""The networks, and the contract that they share."""

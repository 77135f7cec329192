"""Data of strings: recorded notes, and strings that the project makes itself."""

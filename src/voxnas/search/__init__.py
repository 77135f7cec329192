"""Spaces, costs known without training, and promotion from rung to rung."""

"""Planted misuse in realistic traffic: how much of it the watchers find, and how much of what they find is misuse."""

"""Lineage: what runs were made of, and what was made of them."""

"""Rigs of every family as tables, and the rest poses and armatures made of them."""

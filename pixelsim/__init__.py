"""Rehearse pixel sharing before a live account is touched."""

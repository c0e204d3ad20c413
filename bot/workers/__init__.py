"""Killable worker processes with memory and time limits."""

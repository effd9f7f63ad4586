"""Hearing and speaking: voice activity, end of turn, recognition, voices, the prompt cache and the model catalogue.

Owns everything between 8 kHz PCM and text. Refuses to know what a text means, what is said next, and where audio comes
from.
"""

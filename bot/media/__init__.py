"""Bytes to Picture: fetch, sniff, decode, frames, prepare. The only room that imports Pillow."""

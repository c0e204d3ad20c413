"""One feature each, thin: read the input, call one service, render."""

"""Run llama.cpp's own server on one model, in a process of its own.

``python -m tests.engine.server TEXT [PROJECTOR] --context N --parallel N`` prints its address and
serves until its standard input ends, which it does when the parent dies.
"""

import argparse
import sys

import xllamacpp


def main() -> None:
    """Serve the model that the arguments name."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("text")
    arguments.add_argument("projector", nargs="?")
    arguments.add_argument("--context", type=int, default=8192, help="tokens for each slot")
    arguments.add_argument("--parallel", type=int, default=1, help="slots, as Ollama's default")
    chosen = arguments.parse_args()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = chosen.text
    if chosen.projector:
        parameters.mmproj.path = chosen.projector
    parameters.n_ctx = chosen.context * chosen.parallel
    parameters.n_parallel = chosen.parallel
    parameters.port = 0
    parameters.warmup = False
    parameters.ui = False
    # Two threads share the machine's cores with the tests.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201 (the parent reads it)
    sys.stdin.read()


if __name__ == "__main__":
    main()

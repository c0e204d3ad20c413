"""Speed, load and memory of the bot, measured from outside: ``python -m bench NAME [--quick]``.

Three processes speak over real sockets. This one stands in for Discord, its file host, the people
and Ollama, and holds the only clock that counts; ``bench.subjects`` are the processes measured.
"""

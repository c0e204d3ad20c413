"""How many changed copies are recognised, for the guide: ``python -m tests.media.recall``."""

import argparse
from collections.abc import Callable, Iterator

from PIL import Image

from bot.domain.moderation.fingerprint import copy_distance
from bot.media.fingerprint import bank_hashes, query_hashes
from tests.media.lookalikes import CHANGES, photo, screenshot

Make = Callable[[int], Image.Image]
SORTS: dict[str, Make] = {"photos": photo, "screenshots": screenshot}


def measured(count: int) -> Iterator[str]:
    """Yield a row for each change, then how many unrelated pairs were taken for copies."""
    numbers = range(count)
    banked = {
        sort: [bank_hashes([make(number)])[1] for number in numbers] for sort, make in SORTS.items()
    }
    for name, change in CHANGES.items():
        found = [
            sum(
                copy_distance(query_hashes([change(make(number))]), banked[sort][number])
                is not None
                for number in numbers
            )
            for sort, make in SORTS.items()
        ]
        yield f"| {name} | {' | '.join(f'{100 * each // count} %' for each in found)} |"
    queries = [query_hashes([make(number)]) for make in SORTS.values() for number in numbers]
    banks = [hashes for sort in SORTS for hashes in banked[sort]]
    pairs = [
        (query, hashes)
        for one, query in enumerate(queries)
        for other, hashes in enumerate(banks)
        if one != other
    ]
    false = sum(copy_distance(query, hashes) is not None for query, hashes in pairs)
    yield f"recall pictures={len(queries)} pairs={len(pairs)} false_pairs={false}"


def main() -> None:
    """Print what is measured, as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=120, help="pictures of each sort")
    for line in measured(parser.parse_args().count):
        print(line, flush=True)  # noqa: T201 - a tool


if __name__ == "__main__":
    main()

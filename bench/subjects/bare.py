"""No bot at all: the official client asks about pictures that it already holds."""

import asyncio
import time

import aiohttp
import ollama

from bench.subjects.watch import Settings, obey


async def main() -> None:
    """Ask about the picture behind each order's ``url``; answer with three moments."""
    settings = Settings.read()
    client = ollama.AsyncClient(settings.address)

    async with aiohttp.ClientSession() as session:

        async def ask(order: dict[str, object]) -> dict[str, float]:
            async with session.get(str(order["url"])) as response:
                picture = await response.read()
            messages = [{"role": "user", "content": "Describe this.", "images": [picture]}]
            first_word_at = 0.0
            began_at = time.perf_counter()
            async for part in await client.chat(
                model=settings.model, messages=messages, stream=True
            ):
                if part.message.content and not first_word_at:
                    first_word_at = time.perf_counter()
            return {
                "began_at": began_at,
                "first_word_at": first_word_at,
                "ended_at": time.perf_counter(),
            }

        await obey(ask)


if __name__ == "__main__":
    asyncio.run(main())

"""What attacks come to in an exported conversation, where nothing but letters may be left of them.

Markdown that is read in a program that shows it fetches pictures, runs tags and hides links.
"""

import json
import re

import pytest

from bot.services.transcript import export
from tests.services.conversing import Talk, asks
from tests.services.fakes import ref
from tests.tasks.attacks import ATTACKS, Attack

MORE = (
    Attack("tracker", "![what a cat](https://evil.example/seen.png)"),
    Attack("tag", '</blockquote><img src="https://evil.example/seen.png"><script>x</script>'),
    Attack("escaped_already", "\\[a](https://evil.example) \\<b> \\\\<c>"),
    Attack("reference", "[a]: https://evil.example\n[a]"),
)
_ESCAPED = re.compile(r"\\[\\<\[]")


@pytest.mark.parametrize("attack", [*ATTACKS, *MORE], ids=lambda attack: attack.name)
async def test_an_exported_attack_is_quoted_and_nothing_in_it_lives(attack: Attack) -> None:
    talk = Talk()
    talk.engine.say = lambda _: attack.text
    result = await talk.ask(asks(attack.text, ref("cat")))
    exported = await export(talk.store, result.turn.conversation_id, asker_id=1)
    head, _, rest = exported.markdown.partition("**Person A**:\n\n")
    assert head.endswith("![Picture 1](pictures/picture-1.png)\n\n")
    question, answer = rest.split("\n\n**Lookout**:\n\n")
    for line in (*question.split("\n"), *answer.removesuffix("\n").split("\n")):
        assert line.startswith("> ")
        assert not re.search(r"[<\[]", _ESCAPED.sub("", line))
    (turn,) = json.loads(exported.json)["turns"]
    assert turn["question"] == attack.text
    assert turn["answer"] == result.answer.text

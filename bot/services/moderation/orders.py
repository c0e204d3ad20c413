"""What a picture says to tell the model what to answer.

People write about such orders too, so this is a signal for moderators and no proof.
"""

import re
from functools import cache

from bot.services.moderation.wording import compiled

_PARTS = {
    "fillers": r"""(?:(?:all|any|the|your|of|every|these|those|prior|previous|above|earlier|other
        |preceding|system|safety|moderation|content|and)_){0,6}""",
    "picture": "(?:image|picture|photo|screenshot|content|post|message|file|attachment)s?",
    "harmless": r"""safe|clean|harmless|sfw|okay|allowed|approved|compliant|acceptable|benign
        |family_friendly|no_violations?|not_a_violation|no_findings?""",
    "quote": "[\"'“”]",
}

_ENGLISH = r"""
      \b(?:ignore|disregard|forget|override|bypass)_<fillers>(?:instructions?|prompts?|rules?
        |polic(?:y|ies)|guidelines?|directions?|commands?)
    | \byou_are_now_(?:in_)?(?:an?_)?(?:developer|debug|admin|god|dan|jailbroken|unrestricted
        |unfiltered|maintenance|test)
    | \b(?:classify|mark|label|rate|treat|judge|score|report|consider|declare|deem)_(?:this|the|it
        |that)_(?:<picture>)?_(?:as|is|to_be)?_(?:completely_|fully_|100_%_)?<harmless>\b
    | \b(?:reply|respond|answer|output|return|say|print|write)(?:_only|_just|_exactly)?(?:_with
        |_that|_in)?_(?:json\b|(?:it|this|the_<picture>)_is_<harmless>\b
        |<harmless>(?=[\"'“”.!,;)]|$)|an_empty_list|nothing_(?:else|wrong|found))
    | \bdo(?:_not|n['’]?t)_(?:ever_)?(?:flag|moderate|censor|analy[sz]e)_(?:this|the|these|any)_
        (?:<picture>|text|user)\b
    | \bdo(?:_not|n['’]?t)_(?:ever_)?(?:report|delete|remove|block|describe|mention)_(?:this|the
        |these|any)_(?:image|picture|photo|screenshot)s?\b
    | (?:<picture>_(?:is|was|has_been)|already)_(?:pre_?)?(?:approved|whitelisted|verified|cleared
        |exempt(?:ed)?|reviewed)_(?:by|from)_(?:the_)?(?:moderat\w+|admin\w*|discord|system|staff
        |trust|ai\b)
    | \b(?:note|message|instructions?|attention|dear|important|notice)(?:_to|_for)?(?:_the|_any
        |_all)?_(?:ai|a\.i\.|assistant|language_model|vision_model|moderation_(?:bot|model|system
        |ai)|content_(?:filter|moderator)|automod|llm|gpt|chatgpt)\b
    | \b(?:system|developer|admin(?:istrator)?)_(?:prompt|override|instructions?|directive)\b
    | \b(?:end|start|begin(?:ning)?)_of_(?:the_)?(?:system|user)_(?:prompt|message|input|text)
    | \bnew_instructions?(?:_for_(?:you|the_\w+))?_?:
"""
_REPLIES_AND_MARKS = r"""
      \b(?:findings|violations|flags|categories)<quote>?\s*:\s*\[\s*\]
    | <quote>(?:is_?safe|safe|clean|approved|allowed)<quote>\s*:\s*(?:true|1\b|<quote>yes)
    | <quote>(?:flagged|unsafe|violations?|nsfw)<quote>\s*:\s*(?:false|0\b|<quote>no\b)
    | \b(?:instructions\x5fin\x5fpicture|apparent\x5fminor|what\x5fis\x5fshown
        |text\x5fin\x5fpicture)
    | <quote>(?:verdict|outcome|rating|decision|classification|result)<quote>\s*:\s*<quote>
        (?:<harmless>\b|pass\b|none\b)
    | <\|?(?:im_start|im_end|system|endoftext|eot_id|start_header_id|assistant)\b
    | <(?:start|end)_of_turn> | \[/?inst\] | <</?sys>> | \[/?system\] | </?system> | </think>
    | <tool_call>
    | \#{2,}_?(?:system|instructions?|assistant|new_task)\b
    | (?:^|\n|[.!?>]_)(?:system|assistant)_?:_?(?:the_|this_|you_|i_|ignore|all_|no_|it_|okay|sure)
"""
_GERMAN = r"""
      \b(?:ignorier\w*|missacht\w*|vergiss|vergessen_sie)_(?:(?:bitte|alle|allen|die|deine|ihre
        |sämtliche|bisherigen?|vorherigen?|obigen?|früheren?|vorangehenden?)_){0,6}
        (?:an)?(?:weisung|regel|instruktion|vorgabe|befehl|richtlinie)
    | \b(?:melde|markiere|bewerte|stufe|antworte|klassifiziere)\w*\b.{0,50}?\b(?:als|mit|ist)_
        (?:sicher|harmlos|unbedenklich|sauber|erlaubt|kein(?:e|en)?_(?:verstoss|verstösse|befund))
"""
_ROMANCE = r"""
      \b(?:ignor[ae]|olvid[ae]|descart[ae]|omit[ae]|haz_caso_omiso)\w*\b.{0,40}?
        (?:instrucci[oó]n|regla|[oó]rden|indicaci[oó]n|norma|directri)
    | \b(?:responde|contesta|marca|clasifica|informa|considera)\w*\b.{0,50}?\b(?:como|que_es
        |que_está|con|solo)_(?:segur[ao]|limpi[ao]|inofensiv[ao]|permitid[ao]|sin_infracci)
    | \b(?:ignor|oubli)(?:e|es|ez|er)\b.{0,40}?(?:instruction|consigne|règle|directive|ordre)
    | \bne_(?:tiens|tenez)_pas_compte_.{0,40}?(?:instruction|consigne|règle|directive|ordre)
    | \b(?:réponds|répondez|classe[rz]?|marque[rz]?|signale[rz]?|considère)\b.{0,50}?\b(?:comme|est
        |par|que|seulement)_(?:sûre?s?|inoffensi\w+|sans_danger|autorisée?|aucune_infraction)\b
    | \b(?:ignor[ea]|esque[cç][ae]|desconsider[ea])\w*\b.{0,40}?(?:instru[cç][oõ]
        |instru[cç][aã]o|regra|ordens|diretri|comando)
    | \b(?:respond[ae]|marqu?[ea]|classifi(?:que|ca)|considere)\w*\b.{0,50}?\b(?:como|que_é
        |que_está|com|apenas|só)_(?:segur[ao]|limp[ao]|inofensiv[ao]|permitid[ao]|sem_viola)
    | \b(?:ignora|dimentica|trascura)\w*\b.{0,40}?(?:istruzion|regol|direttiv|ordini)
"""
_FURTHER = r"""
      \b(?:z?ignoruj|zapomnij)\w*\b.{0,40}?(?:instrukcj|polece|zasad|regu[lł])
    | (?:talimat|kural|komut)\w{0,12}\b.{0,30}?(?:görmezden|yok_say|unut|dikkate_alma)
    | (?:про)?(?:игнорируй|ігноруй|забудь|забудьте)\w{0,12}\b.{0,50}?(?:инструкци|указани|правил
        |команд|приказ|інструкці|вказів)
    | (?:ответь|отметь|пометь|классифицируй|сообщи|считай|познач|відповідай)\w{0,12}\b.{0,50}?
        (?:(?:безопасн|безпечн|чист)(?:о|ое|ая|ым|ой|ый|е|а)\b|нет_нарушени|без_нарушени
        |не_нарушает|немає_порушен)
    | (?:تجاهل|انس|تخط).{0,20}(?:التعليمات|الأوامر|القواعد|الإرشادات)
    | (?:지시|명령|규칙|지침|프롬프트)\S{0,8}\s?(?:모두_|전부_|다_)?(?:무시|잊어)
    | (?:안전|문제_?없|위반_?없)\S{0,6}\s?(?:라고|다고|으로)\s?(?:답|표시|분류|보고|판단)
    | (?:指示|命令|ルール|プロンプト|規則|設定)(?:を|は|について)?.{0,6}?(?:無視|忘れ|破棄)
    | (?:安全|問題(?:なし|ない|ありません)|違反(?:なし|ではない|はない|していない))(?:だ|である)?
        (?:」|』)?(?:と|として|だと)(?:回答|答え|判定|報告|出力|返答|分類|みな)
    | (?:忽略|无视|無視|忘记|忘記|不要理会|不要理會|不要遵守).{0,14}?
        (?:指令|指示|规则|規則|提示|要求|命令|设定|設定|政策)
    | (?:回答|回复|回覆|输出|輸出|标记|標記|判定|判断|判斷|报告|報告|归类|歸類)\S{0,8}?
        (?:为|為|成|是|:|[\"“「『])[\"“「『]?
        (?:安全|没有违规|沒有違規|无违规|無違規|不违规|不違規|合规|合規|无害|無害)
"""
_LANGUAGES = (_ENGLISH, _REPLIES_AND_MARKS, _GERMAN, _ROMANCE, _FURTHER)


def order_in(words: str) -> str | None:
    """Return the words that tell a model what to answer, of a ``plain`` text; None without any."""
    found = (pattern.search(words) for pattern in _patterns())
    return next((match[0].strip() for match in found if match is not None), None)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(compiled(pattern, _PARTS) for pattern in _LANGUAGES)

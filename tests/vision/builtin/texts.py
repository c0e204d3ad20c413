"""What the drawn pages say."""

ENGLISH = (
    (
        "The museum opens at nine o'clock and",
        "closes at half past five on weekdays.",
        "Tickets cost 12.50 for adults and 6.00",
        "for children under fourteen years.",
    ),
    (
        "Groups of ten or more people should",
        "write to visits@museum.example first.",
        "Please keep large bags in the lockers;",
        "they are free, but hold on to the key!",
    ),
    (
        "Server rules, version 3 (May 2026)",
        "1. Be kind. 2. No spam, no scams.",
        "3. Keep spoilers behind the bars.",
        "Questions? Ask in the help channel.",
    ),
    (
        "Invoice no. 2026-0417, due 30 June",
        "Paper, 5 boxes: $42.75 (tax 19%)",
        "Ink & toner: $118.20",
        "Total: $160.95 - thank you.",
    ),
)
CODE = (
    "def area(width: int, height: int) -> int:",
    '    """Return the area in pixels."""',
    "    if width < 0 or height < 0:",
    "        raise ValueError('negative size')",
    "    return width * height",
)
JAPANESE = (
    (
        "図書館は午前九時に開きます。",
        "本は二週間まで借りられます。",
        "返却が遅れる場合はお電話ください。",
        "カフェは一階の奥にあります。",
    ),
    (
        "コーヒーは350円、紅茶は400円です。",
        "お支払いは現金またはカードで。",
        "ゴミは分別して捨ててください。",
        "ご協力ありがとうございます。",
    ),
    (
        "明日の天気は晴れのち曇りです。",
        "最高気温は二十三度の見込みです。",
        "北風がやや強く吹くでしょう。",
        "洗濯物はよく乾きます。",
    ),
    (
        "サーバーのルールをお読みください。",
        "荒らしや宣伝は禁止です。",
        "質問はヘルプチャンネルへどうぞ。",
        "みんなで楽しく使いましょう！",
    ),
)
CHINESE = (
    (
        "博物馆每天上午九点开放。",
        "成人票价为五十元，学生半价。",
        "请不要在展厅内使用闪光灯。",
        "周一闭馆，节假日除外。",
    ),
    (
        "咨询电话：010-6512-3456",
        "地铁二号线可以直接到达。",
        "出口旁边有一家小咖啡馆。",
        "欢迎您下次再来参观！",
    ),
    (
        "服务器规则：请尊重他人。",
        "禁止刷屏和发布广告链接。",
        "有问题请到帮助频道提问。",
        "祝大家在这里玩得开心。",
    ),
    (
        "今天的会议改到下午三点半。",
        "请带上您的笔记本电脑和资料。",
        "会议室在二楼左手边第四间。",
        "如果不能参加，请提前通知我。",
    ),
)
TRADITIONAL = (
    "歡迎光臨臺灣的夜市。",
    "請勿隨地丟棄垃圾，謝謝合作。",
    "營業時間：下午五點到晚上十一點。",
)

OTHER_SCRIPTS = {
    "Cyrillic": (
        "latin",
        (
            "Библиотека открывается в девять утра.",
            "Книги выдаются на две недели.",
            "Пожалуйста, звоните, если опоздаете.",
        ),
    ),
    "Cyrillic capitals": (
        "latin",
        ("ПРАВИЛА СЕРВЕРА", "НЕ СПАМИТЬ И НЕ ОСКОРБЛЯТЬ", "ДРУГИХ УЧАСТНИКОВ"),
    ),
    "Greek": (
        "latin",
        (
            "Η βιβλιοθήκη ανοίγει στις εννέα.",
            "Τα βιβλία δανείζονται για δύο εβδομάδες.",
            "Παρακαλώ τηλεφωνήστε αν αργήσετε.",
        ),
    ),
    "Greek capitals": (
        "latin",
        ("ΚΑΝΟΝΕΣ ΤΟΥ ΔΙΑΚΟΜΙΣΤΗ", "ΜΗΝ ΣΤΕΛΝΕΤΕ ΜΗΝΥΜΑΤΑ", "ΧΩΡΙΣ ΑΔΕΙΑ"),
    ),
    "Vietnamese": (
        "latin",
        ("Thư viện mở cửa lúc chín giờ sáng.", "Vui lòng gọi điện thoại nếu bạn đến trễ."),
    ),
    "Korean": (
        "korean",
        (
            "도서관은 오전 아홉 시에 문을 엽니다.",
            "책은 두 주 동안 빌릴 수 있습니다.",
            "늦으면 전화로 알려 주십시오.",
        ),
    ),
    "Arabic": (
        "arabic",
        (
            "تفتح المكتبة أبوابها في التاسعة صباحا.",
            "يمكن استعارة الكتب لمدة أسبوعين.",
            "يرجى الاتصال إذا تأخرت عن الموعد.",
        ),
    ),
    "Hebrew": (
        "hebrew",
        (
            "הספרייה נפתחת בתשע בבוקר.",
            "אפשר לשאול ספרים לשבועיים.",
            "נא להתקשר אם אתם מאחרים.",
        ),
    ),
    "Devanagari": (
        "devanagari",
        (
            "पुस्तकालय सुबह नौ बजे खुलता है।",
            "किताबें दो सप्ताह के लिए मिलती हैं।",
            "देर हो तो कृपया फ़ोन करें।",
        ),
    ),
    "Thai": (
        "thai",
        ("ห้องสมุดเปิดเวลาเก้าโมงเช้า", "ยืมหนังสือได้นานสองสัปดาห์", "กรุณาโทรแจ้งหากคืนช้า"),
    ),
    "Tamil": (
        "tamil",
        (
            "நூலகம் காலை ஒன்பது மணிக்கு திறக்கும்.",
            "புத்தகங்களை இரண்டு வாரம் வைத்திருக்கலாம்.",
        ),
    ),
    "Telugu": (
        "telugu",
        (
            "గ్రంథాలయం ఉదయం తొమ్మిదికి తెరుస్తారు.",
            "పుస్తకాలు రెండు వారాలు ఉంచుకోవచ్చు.",
        ),
    ),
}
"""Scripts that the bundled model cannot read: the font and the lines."""

EUROPEAN = {
    "German": ("Die Bücherei öffnet um neun Uhr früh.", "Größe, Maß und Äpfel: 12,50 €"),
    "French": ("La bibliothèque ouvre à neuf heures.", "Où êtes-vous ? Ça coûte 3,50 €."),
    "Polish": ("Zażółć gęślą jaźń. Książki są bezpłatne.", "Łódź leży w środkowej części kraju."),
    "Turkish": ("Kütüphane sabah dokuzda açılır.", "Ağaçlar çiçek açtı, şimdi güneşli."),
    "Swedish": ("Biblioteket öppnar klockan nio.", "Åsa åt räksmörgås på färjan."),
    "Romanian": ("Biblioteca se deschide la ora nouă.", "Vă rugăm să sunați dacă întârziați."),
}

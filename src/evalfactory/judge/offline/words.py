"""The few words that the offline judge knows: those that say nothing by themselves, that deny, that are mere courtesy."""

from __future__ import annotations

import re

#: English first; then articles and prepositions of Spanish, French, German, Italian, Portuguese; Russian; Arabic and
#: Hebrew; endings of Korean as pairs of syllables.
_STOP_WORDS = """
a about above after again all also am an and any are aren't as at be because been before being below between both
but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each else every few for
from further get gets got had has hasn't have haven't having he her here hers him his how however i i'm i've i'd
i'll if in into is isn't it it's its itself just let like made make many may me might more most much must my need
no nor not now of off on once only or other our ours out over own per please same she should shouldn't so some
such than that that's the their theirs them then there there's these they they're this those through to too under
until up upon us very via was wasn't we we're we'll were weren't what what's when where which while who whom whose
why will with within without won't would wouldn't yes yet you you'll you're you've your yours
el la los las un una unos unas del al de que en y o con por para su sus se es son como más lo le les des du et ou
est sont dans pour par sur avec ce cette ces qui que ne pas vous nous votre notre vos il elle au aux der die das den
dem ein eine einen einem einer und oder ist sind im in mit von für auf zu zum zur sie wir ihr ihre ich es nicht il
lo gli uno di da che non per os as um uma do da dos das em no na com não
и в на не что с по к у за из от для это как вы мы ваш наш или если при до о
من في على إلى الى عن مع هذا هذه ذلك التي الذي أن إن ان ما هل كم متى كيف أو او ثم قد كان كل لا لم لن أي
של את על עם זה זו היא הוא הם אם כי גם או לא אין יש כל אל מה איך מתי אני אנחנו אתם
니다 습니 합니 입니 됩니 니까 세요 에서 으로 하는 있습 있는
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

#: Chinese characters with a grammatical job only; a run of characters is cut at them.
FUNCTION_CHARACTERS = re.compile("[的了吗嗎呢吧您你们們是]")

NUMBER_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "eleven": "11", "twelve": "12", "fourteen": "14", "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40",
    "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100",
}  # fmt: skip

#: Looks like a denial and is none.
NO_DENIAL = re.compile(
    r"not only|no problem|no worr|don't hesitate|do not hesitate|if you (?:do not|don't)|why not"
    r"|申し訳(?:あり|ござい)ません|すみません|かもしれ(?:ません|ない)|な(?:ければ|くては)な(?:りません|らない)|だけで(?:は)?なく|のみならず|差し支えな|問題な(?:い|く)|对不起|不好意思"
)
DENIAL = re.compile(
    r"(?<![\w-])(?:not|no|never|none|neither|nor|cannot|without|unable|impossible|\w+n't|nicht|kein\w*|ne|pas|não|nunca"
    r"|не|нет|без)(?![\w-])"
    r"|ません|(?<!少)ない(?!よう|と)|なかった|なく(?:$|て)|(?<=[れらめせえわかさた])ず(?:に|$)|かねます|不可|対象外|不要|無効"
    r"|不(?=[能会會可需是支提接包用得再允退])|[没沒]有|无法|無法"
    r"|(?<!\w)(?:لا|لن|لم|ليس|ليست|غير|بدون)(?!\w)|(?<!\w)(?:לא|אין|ללא|בלי)(?!\w)|ไม่|않|없|못"
)

#: Thanks, apologies, offers of help: no facts.
COURTESY = re.compile(
    r"\b(?:sorry|apologi[sz]e|apologies|thank(?:s| you)|glad|happy to help|you're welcome|no problem|no worries|of course|hello|hi|dear|hope this helps"
    r"|let (?:me|us) know|feel free|best regards|kind regards|have a (?:nice|great|good)|reach out|can't help|cannot help"
    r"|unable to help|i don't know|i do not know)\b"
    r"|申し訳|ありがとう|お世話に|失礼|恐れ入り|お気軽に|お手数|何卒|よろしくお願い|お待ち(?:して|申し)|ご了承|お詫び|わかりかね|分かりかね|お答えでき"
    r"|抱歉|对不起|感谢|感謝|谢谢|謝謝|您好|عذر|نأسف|شكر|مرحبا|أهلا|سلام|سליחה|מצטערים|תודה|שלום|ขออภัย|ขอบคุณ|สวัสดี|죄송|감사|안녕"
)

#: The other half of manners; a text that has some of these is not polite.
RUDENESS = re.compile(
    r"\b(?:stupid|idiot|dumb|shut up|whatever|not my problem|your (?:own )?fault|deal with it|calm down|obviously|lazy"
    r"|read the (?:manual|faq)|stop (?:asking|bothering|wasting)|go away|nonsense)\b"
    r"|知りません|知らない|自分で(?:調べ|やっ|考え)|うるさい|ばか|馬鹿|いい加減|面倒|関係な|白痴|笨|غبي|טיפש"
)
POLITE_FORM = re.compile(
    r"\b(?:please|would|could|may|welcome|glad|happy|thank|thanks|sorry|apologi[sz]e|kindly|appreciate)\b"
    r"|です|ます|ません|ください|下さい|ございま|いただ|お願い|請|请|您|谢谢|من فضلك|يرجى|شكر|בבקשה|תודה|ครับ|ค่ะ|세요|습니다|니다"
)

#: A question that wants a number or a time for an answer.
ASKS_FOR_NUMBER = re.compile(
    r"how (?:long|many|much|often|soon|old|far|late|big|large)|\bwhen\b|what (?:time|year|date|price)|in (?:what|which) year"
    r"|いつ|いくら|何(?:日|時|円|回|人|個|年|分|か月|ヶ月|営業日|%|パーセント)|どのくらい|どれくらい|どれぐらい|多少|几|幾|何时|何時|什么时候|甚麼時候|什麼時候"
    r"|كم|متى|כמה|מתי|เท่าไ|กี่|เมื่อ|몇|얼마|언제|cuánt|cuando|cuándo|combien|quand|wie (?:lange|viel)|wann|сколько|когда"
)

#: What an asked-for number counts when the question does not name it: time and money, as quantities are labelled.
_MEASURES = """
second minut hour day week month year busines work pm am % $ € £ ¥ ₩ ₹ dollar euro yen pound percent kg km
stund tag woch monat jahr jour heur moi semain día hora seman дней дня день час часа рубл
日 時 分 年 月 週 円 営 回 天 小 元 周 ヶ か 个 일 시 원 주 달 ว ช บ
يوم أيام ايام أسبوع شهر سن ساع ريال درهم دينار ימים יום שעות שבועות שקל שקלים
"""
MEASURES = frozenset(_MEASURES.split())

#: Capitalised in English, and yet no names.
_CALENDAR = """
monday tuesday wednesday thursday friday saturday sunday
january february march april june july august september october november december
"""
CALENDAR = frozenset(_CALENDAR.split())

#: Times and amounts without a digit, for a question that wants one.
_TIMES = """
today tomorrow yesterday tonight soon immediately never always once twice thrice daily weekly monthly yearly none nothing
free half first second third fourth fifth noon midnight anytime
今日 明日 昨日 本日 翌日 毎日 毎週 毎月 無料 半額 即日 今天 明天 昨天 每天 免费 오늘 내일 매일 무료 اليوم غدا مجانا היום מחר חינם
"""
TIMES = frozenset(_TIMES.split())

#: Asks for something that yes and no do not tell; looked for where ASKS_FOR_NUMBER has been taken out.
ASKS_OPENLY = re.compile(
    r"\b(?:what|which|who|whom|whose|where|why|how|qué|quién|cuál|dónde|cómo|quel\w*|où|comment|pourquoi|wer|wo|wie|warum|wieso|welch\w*"
    r"|что|кто|где|какой|какая|какие|как|почему)\b"
    r"|何|なに|どこ|だれ|誰|どなた|どう|どの|どれ|どちら|なぜ|什么|甚麼|哪|谁|誰|怎么|怎麼|为什么|為什麼|무엇|뭐|어디|누구|어떻게|왜|어느|어떤"
    r"|(?<!\w)(?:ما|ماذا|من هو|أين|كيف|لماذا|מה|מי|איפה|איך|למה|איזה)(?!\w)|อะไร|ใคร|ที่ไหน|อย่างไร|ทำไม"
)
#: Asks whether something is so.
ASKS_WHETHER = re.compile(
    r"(?:^|[.,;:!?]\s*|\b(?:and|or|so|but|then)\s+)(?:is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|must|has|have"
    r"|had|isn't|aren't|don't|doesn't|didn't|can't|won't|ist|sind|kann|können|darf|hat|haben|gibt|muss|wird)\b[^.!]{0,400}[?]"
    r"|[吗嗎][。.?]?\s*$|能不能|可不可以|是不是|有没有|有沒有|ไหม|มั้ย|หรือไม่"
    r"|(?<!\w)(?:هل|האם|ли)(?!\w)|est-ce qu"
)
#: Ends any question, and one whether something is so where nothing else is asked for.
ENDS_QUESTION = re.compile(r"か[。.?]?\s*$|까[.?]?\s*$|요[?]\s*$")
#: Says yes or no and nothing else.
WHETHER = re.compile(
    r"yes|no|yeah|yep|yup|nope|sure|certainly|absolutely|definitely|of course(?: not)?|true|false|correct|indeed|exactly|gladly|right"
    r"|not (?:yet|really|at all|possible|allowed)|possible|allowed|permitted|impossible|forbidden|both|neither"
    r"|yes,? (?:it|they|you|we|he|she|i) (?:is|are|do|does|did|can|will|has|have|was|were)"
    r"|no,? (?:it|they|you|we|he|she|i) (?:\w+n't|cannot|is not|are not|do not|does not|can not)"
    r"|はい|ええ|うん|いいえ|いえ|もちろん(?:です)?|できます|できません|可能です|不可(?:です)?|是|是的|不是|不|否|对|對|不对|可以|不可以|能|不能|会|不会|有|没有|沒有"
    r"|네|예|아니요|아니오|نعم|لا|كلا|כן|לא|да|нет|sí|si|oui|non|ja|nein|não|sim|ใช่|ไม่|ได้|ไม่ได้|हाँ|नहीं"
)

#: Half a yes or no, or the verb of one.
HEDGED = re.compile(
    r"\b(?:maybe|perhaps|possibl\w*|probabl\w*|sometimes|often|usually|mostly|rarely|always|never|depend\w*|ok|okay|fine|allowed|permitted)\b"
    r"|ます|ました|大丈夫|可能|場合|時々|たぶん|多分|かも|結構|一部|也许|可能|有时|一般|通常|요|다[.]?$|ربما|أحيانا|ممكن|אולי|לפעמים|אפשר|อาจ|บางครั้ง"
)

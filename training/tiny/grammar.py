"""Clauses of which both orders are known from one parse: the part that Yoda says first, and the part he says last."""

from collections.abc import Callable
from dataclasses import dataclass

from training.tiny.phrases import Draw, Phrase, noun_phrase, place, proper, subject, thing, when


@dataclass(frozen=True)
class Clause:
    """`plain` in ordinary order; `front` then `back` in Yoda's; no capitals at the start, no mark at the end."""

    plain: str
    front: str
    back: str
    mark: str = "."


def be(who: Phrase, past: bool = False) -> str:
    if who.text == "I":
        return "was" if past else "am"
    return ("were" if past else "are") if who.many else ("was" if past else "is")


def _verb_form(d: Draw, who: Phrase, kind: str) -> str:
    verb = d.verb(kind)
    form = verb["past"] if d.chance(0.5) else verb["base"] if who.many else verb["third"]
    return f"{d.pick('always|never|often|really|just|also|only|still')} {form}" if d.chance(0.08) else form


def _helper(d: Draw, who: Phrase) -> tuple[str, str]:
    """An auxiliary that fits the subject, and the verb form that it asks for."""
    kind = d.pick("modal|modal|modal|do|do|have|be|be|to")
    if kind == "modal":
        modal = d.pick("will|will|can|must|should|would|could|may|might")
        denied = "cannot" if modal == "can" else f"{modal} not"
        return (denied if d.chance(0.25) else modal), "base"
    if kind == "do":
        return ("did not" if d.chance(0.4) else "do not" if who.many else "does not"), "base"
    if kind == "to":
        return d.pick("have to|need to" if who.many else "has to|needs to"), "base"
    helper = be(who, d.chance(0.2)) if kind == "be" else "have" if who.many else "has"
    return f"{helper} not" if d.chance(0.2) else helper, "ing" if kind == "be" else "part"


def _complement(d: Draw) -> str:
    kind = d.pick("adj|adj|adj|very|more|noun|noun|how|place|place|name|age|ing")
    if kind in ("adj", "very", "more"):
        lead = {"adj": "", "very": d.pick("very |so |too |really |quite |a little "), "more": "more "}[kind]
        tail = f" than {thing(d)}" if kind == "more" else f" {place(d)}" if d.chance(0.15) else ""
        return f"{lead}{d.word('adjective')}{tail}"
    if kind == "name":
        return proper(d)
    if kind == "age":
        return f"{d.rng.randint(2, 99)} years old"
    return {"noun": lambda: noun_phrase(d).text, "how": lambda: _state(d), "place": lambda: place(d),
            "ing": lambda: d.verb("rest")["ing"]}[kind]()  # fmt: skip


def _state(d: Draw) -> str:
    """ "lost", "hidden in my ship"."""
    state = d.entry("ishow")
    return f"{state} {place(d)}" if d.is_everyday() else state


def _action(d: Draw, form: str) -> str:
    """A verb with its object, or a verb alone, without a place."""
    if d.chance(0.65):
        return f"{d.verb('verb')[form]} {thing(d)}"
    return d.verb(d.pick("rest|go"))[form]


def moves(d: Draw) -> Clause:
    who, where = subject(d), place(d) + when(d)
    does = _verb_form(d, who, d.pick("go|go|rest"))
    return Clause(f"{who.text} {does} {where}", where, f"{who.text} {does}")


def rests(d: Draw) -> Clause:
    who, how = subject(d), when(d).strip()
    does = _verb_form(d, who, d.pick("go|rest"))
    return Clause(f"{who.text} {does} {how}".strip(), how or does, f"{who.text} {does}" if how else who.text)


def is_so(d: Draw) -> Clause:
    who, what = subject(d), _complement(d) + when(d)
    linking = {"past": d.pick("felt|looked|seemed|became|sounded"), "many": d.pick("feel|look|seem|sound|get")}
    does = be(who, d.chance(0.25)) + (" not" if d.chance(0.12) else "")
    if d.chance(0.1):
        what = d.word("adjective") + when(d)
        does = linking["past"] if d.chance(0.4) else linking["many"] if who.many else linking["many"] + "s"
    return Clause(f"{who.text} {does} {what}", what, f"{who.text} {does}")


def does_it(d: Draw) -> Clause:
    who = subject(d)
    what = thing(d) + (f" {place(d)}" if d.chance(0.35) else "") + when(d)
    have = ("have" if who.many else "has") if d.chance(0.7) else "had"
    does = have if d.chance(0.12) else _verb_form(d, who, "verb")
    return Clause(f"{who.text} {does} {what}", what, f"{who.text} {does}")


def gives(d: Draw) -> Clause:
    who, what = subject(d), noun_phrase(d).text + when(d)
    verb = d.pick("gave|told|showed|sent|taught|brought|bought") + " " + d.pick("me|you|him|her|us|them")
    return Clause(f"{who.text} {verb} {what}", what, f"{who.text} {verb}")


def helped(d: Draw) -> Clause:
    """Auxiliary and verb part: the place comes first, then the verb with its object."""
    who = subject(d)
    helper, form = _helper(d, who)
    action = "be " + _complement(d) if form == "base" and d.chance(0.12) else _action(d, form)
    if " not" not in helper and d.chance(0.45):
        where = place(d) + when(d)
        return Clause(f"{who.text} {helper} {action} {where}", where, f"{action} {who.text} {helper}")
    action += when(d)
    return Clause(f"{who.text} {helper} {action}", action, f"{who.text} {helper}")


def wants_to(d: Draw) -> Clause:
    who = subject(d)
    verb = d.pick("want|like|hope|try|love|plan|would like" if who.many else "wants|likes|hopes|tries|loves|tried")
    what = f"to {_action(d, 'base')}" + (f" {place(d)}" if d.chance(0.3) else "")
    return Clause(f"{who.text} {verb} {what}", what, f"{who.text} {verb}")


def there_is(d: Draw) -> Clause:
    what, where = noun_phrase(d), place(d) if d.chance(0.7) else ""
    is_there = f"there {be(Phrase('', what.many), d.chance(0.25))}"
    if where:
        return Clause(f"{is_there} {what.text} {where}", where, f"{what.text} {is_there}")
    return Clause(f"{is_there} {what.text}", what.text, is_there)


def orders(d: Draw) -> Clause:
    if d.chance(0.15):
        action = _action(d, "base") if d.chance(0.7) else f"be {d.word('adjective')}"
        head = d.pick("do not|do not|never|let us|let us")
        return Clause(f"{head} {action}", action, head)
    if d.chance(0.12):
        what = d.word("adjective")
        return Clause(f"be {what}", what, "be")
    give = f"{d.pick('give|tell|show|send|teach|bring')} {d.pick('me|me|us|him|her|them')}"
    verb, what = (give, noun_phrase(d).text) if d.chance(0.25) else (d.verb("verb")["base"], thing(d))
    if d.chance(0.25):
        verb, what = d.verb("go")["base"], d.pick("here|there|home|down|now|away|back") if d.chance(0.4) else place(d)
    elif d.chance(0.3):
        what += f" {place(d)}"
    if d.chance(0.12):
        verb = f"please {verb}"
    return Clause(f"{verb} {what}", what, verb)


def asks(d: Draw) -> Clause:
    """Yes-or-no questions, and those that start with a question word."""
    who, lead = subject(d), ""
    if d.chance(0.45):
        lead = d.pick("why|where|when|how|what|who|why|how often|how many times|what time") + " "
    if d.chance(0.3):
        what = d.verb(d.pick("rest|go"))["ing"] if lead.strip() in ("where", "what", "who") else _complement(d)
        head = f"{lead}{be(who, d.chance(0.2))} {who.text}"
        return Clause(f"{head} {what}", what, head, "?")
    do = d.pick("do|did" if who.many else "does|did")
    helper = d.pick("can|will|should|could|would|must|may") if d.chance(0.45) else do
    object_asked = lead.strip() in ("what", "who")
    what = d.verb("verb")["base"] if object_asked else _action(d, "base")
    what += f" {place(d)}" if d.chance(0.25) else when(d)
    head = f"{lead}{helper} {who.text}"
    return Clause(f"{head} {what}", what, head, "?")


def asks_what(d: Draw) -> Clause:
    who = subject(d)
    if d.chance(0.25):
        does = d.verb("verb")["past"] if d.chance(0.7) else d.verb("verb")["third"]
        what, head = thing(d) + when(d), f"{d.pick('who|what')} {does}"
        return Clause(f"{head} {what}", what, head, "?")
    lead = d.pick("what|what|who|where|how|why|when|how old|how big|how far|which one|what color|whose")
    if d.chance(0.1):
        lead = f"how {d.word('adjective')}"
    is_it = f"{lead} {be(who, d.chance(0.2))}"
    return Clause(f"{is_it} {who.text}", who.text, is_it, "?")


CONSTRUCTIONS: tuple[tuple[Callable[[Draw], Clause], int], ...] = (
    (moves, 10), (rests, 4), (is_so, 16), (does_it, 16), (gives, 3), (helped, 18), (wants_to, 4), (there_is, 5),
    (orders, 9), (asks, 9), (asks_what, 6),
)  # fmt: skip


# Statements with places and helping verbs are what people type first, and what goes wrong most.
_EVERYDAY: tuple[tuple[Callable[[Draw], Clause], int], ...] = (
    (moves, 20), (is_so, 18), (does_it, 18), (helped, 28), (there_is, 10), (orders, 6),
)  # fmt: skip


def clause(d: Draw) -> Clause:
    makers, weights = zip(*(_EVERYDAY if d.is_everyday() else CONSTRUCTIONS), strict=True)
    return d.rng.choices(makers, weights)[0](d)

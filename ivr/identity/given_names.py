"""Given names that are one: Kate and Katherine, Аня and Анна, Bill and William. A name may stand in several groups
(Саша is Александр and Александра). Owns the table; how near two spellings are belongs to names.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ivr.identity.spelling import folded

# One group a line: full names before the bar (also as other countries write them), then what people call themselves.
_ENGLISH = """
alexander | alex sandy xander
alexandra | alex sandra lexi
alfred | alf fred
andrew | andy drew
anthony antony | tony
barbara | barb babs
benjamin | ben benny
catherine katherine kathryn | kate katie kathy cathy kat katy
charles | charlie chuck
charlotte | charlie lottie
christina kristina | tina chris
christine | chris chrissie tina
christopher | chris kit
cynthia | cindy
daniel | dan danny
david | dave davey
deborah debra | deb debbie
donald | don donny
dorothy | dot dottie
edward | ed eddie ted ned
eleanor | ellie nell nora
elizabeth elisabeth | liz lizzie beth betty eliza lisa betsy
emily | em emmy
frances | fran frannie
francis | frank
frederick | fred freddie
gabriel | gabe
geoffrey jeffrey | geoff jeff
gerald | gerry jerry
gregory | greg
helen | nell nellie
henry | harry hank
isabella isabel | bella izzy
jacob | jake
james | jim jimmy jamie
jane | janie
jennifer | jen jenny
jessica | jess jessie
john | johnny jack
jonathan | jon jonny
joseph | joe joey
joshua | josh
judith | judy
kenneth | ken kenny
lawrence laurence | larry
leonard | leo len lenny
lillian | lily
louis | lou louie
louise | lou
lucas | luke
madeleine | maddie
margaret | maggie meg peggy madge rita
martha | marty
martin | marty
mary | molly polly
matthew | matt matty
michael | mike mick micky
michelle | shelly
nathaniel nathan | nate nat
nicholas nicolas | nick nicky
oliver | ollie
olivia | liv livvy
pamela | pam
patricia | pat patty trish tricia
patrick | pat paddy
peter | pete
philip phillip | phil
rachel | rach
raymond | ray
rebecca | becky becca
richard | rick dick richie rich
robert | bob bobby rob robbie
ronald | ron ronnie
rosemary | rosie
russell | russ
samantha | sam
samuel | sam sammy
sarah sara | sally
sophia sofia | sophie
stephen steven | steve
susan susanna | sue susie
terence | terry
theodore | ted teddy theo
theresa teresa | terry tess
thomas | tom tommy
timothy | tim
victoria | vicky tori
vincent | vince
virginia | ginny
walter | walt wally
william | bill billy will liam
zachary | zach
"""
_RUSSIAN = """
александр alexander | саша шура саня санек сашка
александра | саша шура саня сашенька
алексей | леша алеша леха лешка
алёна елена helen | лена алена леночка
алина | аля
алла | аллочка
анастасия | настя стася настенька
анатолий | толя толик
андрей andrew | дрюша андрюша
анна | аня анечка нюра анюта
антон | антоша тоша
антонина | тоня
аркадий | аркаша
артём | тема темочка
борис | боря
вадим | вадик
валентин | валя
валентина | валя
валерий | валера
валерия | лера
варвара | варя
василий | вася
вера | верочка
вероника | ника
виктор | витя
виктория | вика
виталий | виталик
владимир | вова володя
владислав | влад владик
вячеслав | слава
галина | галя
геннадий | гена
георгий george | гоша жора
григорий | гриша
дарья дария | даша
денис | дениска
диана | дина
дмитрий | дима митя димка
евгений eugene | женя
евгения | женя
екатерина catherine katherine | катя катюша катерина
елизавета | лиза
зинаида | зина
зоя | зоечка
иван | ваня
игорь | игорек гоша
илья | илюша
инна | инночка
ирина | ира иришка
кирилл | кирюша
константин | костя
кристина | кристя
ксения оксана | ксюша
лариса | лара
лев | лева
леонид | леня
лидия | лида
любовь | люба
людмила | люда люся мила
маргарита | рита марго
марина | мариша
мария марья mary | маша маруся
матвей | мотя
михаил michael | миша
надежда | надя
наталья наталия natalie | наташа ната
никита | никитка
николай nicholas | коля
нина | ниночка
олег | олежка
ольга | оля
павел paul | паша
пётр peter | петя
полина | поля
раиса | рая
римма | риммочка
роман | рома
руслан | русик
светлана | света
семён | сема сеня
сергей | сережа серега
софья софия sophia sofia | соня
станислав | стас слава
степан | степа
таисия | тая
тамара | тома
татьяна | таня
тимофей | тима
ульяна | уля
фёдор | федя
эдуард | эдик
юлия | юля
юрий | юра
яков | яша
ярослав | ярик слава
"""


def _groups() -> Mapping[str, tuple[str, ...]]:
    """Folded name -> every name of the groups it stands in, in their own script."""
    found: dict[str, dict[str, None]] = {}
    for line in (_ENGLISH + _RUSSIAN).strip().splitlines():
        group = dict.fromkeys(line.replace("|", " ").split())
        for name in group:
            found.setdefault(folded(name), {}).update(group)
    return {key: tuple(names) for key, names in found.items()}


_CALLED: Mapping[str, tuple[str, ...]] = MappingProxyType(_groups())


def also_called(given: str) -> tuple[str, ...]:
    """Other names somebody with this given name may go by, full and short ones. () = none known."""
    key = folded(given)
    return tuple(name for name in _CALLED.get(key, ()) if folded(name) != key)


def is_given(word: str) -> bool:
    """Is it a given name the table knows, in full or short?"""
    return folded(word) in _CALLED

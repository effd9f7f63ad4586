"""Names the invented customers bear, the most frequent first, and how Russian ones are declined and written in Latin.

Owns the lists (neighbours in sound stand in them on purpose: Jon and John, Щербаков and Шербаков) and the schemes of
transliteration. Refuses to know customers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a language's people are called, most frequent first."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]


def _listed(names: str) -> tuple[str, ...]:
    return tuple(names.split())


ENGLISH = Names(
    women=_listed(
        """Mary Jennifer Elizabeth Linda Patricia Susan Sarah Anna Karen Catherine Katherine Margaret Emma Olivia
        Hannah Jessica Laura Emily Alice Sara Kathryn Hanna Ana Anne Ann Christine Christina Kristina Julia Julie
        Maria Marie Mia Amelia Grace Helen Ellen Elena Irene Alina Erin Erica Claire Clara Rebecca Rachel Diana
        Diane Dianna Joan Jane Jean Jenny Joanna Joanne Rose Rosa Ruth Sophie Sophia Sofia Teresa Theresa
        Victoria Nina Nancy Lucy Lucia Louise Lisa Elisa Eliza Carol Caroline Carolyn Charlotte Chloe Isabel
        Isabelle Isabella Amy Aimee Eva Ava Ada Olga Natalie Natalia Svetlana Tatiana Vera Irina Marina Martha
        Marta"""
    ),
    men=_listed(
        """James John Robert Michael David William Richard Thomas Daniel Mark Paul Steven Stephen Andrew Peter Jon
        George Edward Brian Bryan Kevin Jason Jeffrey Geoffrey Eric Erik Frederick Frederic Jacob Gary Nicholas
        Nicolas Jonathan Justin Scott Brandon Benjamin Samuel Gregory Frank Alexander Alexandre Raymond Patrick
        Jack Dennis Jerry Gerry Tyler Aaron Aron Adam Nathan Nathaniel Henry Harry Douglas Zachary Carl Karl
        Arthur Philip Phillip Alan Allan Allen Lawrence Laurence Sean Shaun Shawn Christian Kristian Ethan Ian
        Iain Marc Marcus Markus Louis Lewis Luke Lucas Lukas Simon Oscar Max Leo Leon Oliver Ivan Boris Viktor
        Victor Anton Anthony Antony Tony Felix Hugo Hugh"""
    ),
    families=_listed(
        """Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Wilson Anderson Thomas Taylor
        Moore Jackson Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott
        Hill Green Adams Baker Hall Nelson Carter Mitchell Roberts Turner Phillips Campbell Parker Evans Edwards
        Collins Stewart Morris Murphy Cook Rogers Morgan Cooper Peterson Reed Bailey Kelly Howard Ward Cox
        Richardson Wood Watson Brooks Bennett Gray James Hughes Price Myers Long Foster Sanders Ross Powell
        Sullivan Russell Fisher Henderson Cole Jenkins Perry Barnes Wallace Woods West Jordan Reynolds Hamilton
        Graham Griffin Ellis Gibson Marshall Murray Freeman Wells Webb Simpson Stevens Tucker Porter Hunter Hicks
        Crawford Boyd Mason Kennedy Warren Dixon Burns Gordon Shaw Holmes Rice Robertson Hunt Black Palmer Mills
        Nichols Grant Knight Stone Hawkins Dunn Perkins Hudson Spencer Gardner Stephens Payne Pierce Berry
        Matthews Arnold Wagner Willis Ray Watkins Olson Carroll Duncan Snyder Hart Cunningham Bradley Lane
        Andrews Harper Fox Riley Armstrong Carpenter Weaver Greene Lawrence Elliott Elliot Chavez Sims Austin
        Peters Kelley Franklin Lawson Smyth Smythe Schmidt Schmitt Schmitz Meyer Meier Mayer Maier Fischer
        Schneider Petrov Petroff Petrova Ivanov Ivanoff Sokolov Sokoloff Novak Nowak Kowalski Kowalsky Larsen
        Larson Hansen Hanson Jensen Jenson Johnston Johnstone Johansson Olsen Pedersen Petersen Anderssen
        Andersen Clarke Clerk Reid Read Moor More Brooke Brook Browne Thomson Tomson Stuart Phelps Philips Davies
        Nicholls Nicholson Nichol Hayes Hays Haines Haynes Pearce Peirce MacDonald McDonald Macleod McLeod
        MacKenzie McKenzie O'Brien O'Connor O'Neill Neal Neil Fernandez Hernandez Gonzalez Gonzales Lopez Perez
        Sanchez Ramirez Torres Flores Rivera Gomez Diaz Reyes Cruz Ortiz Rossi Russo Romano Ricci Bianchi Dubois
        Durand Moreau Laurent Lefebvre Leroy Roux Vincent Girard Silva Santos Costa Ferreira Pereira Oliveira
        Nguyen Tran Pham Chen Wang Zhang Zhao Huang Khan Ahmed Ali Hussain Hussein Patel Shah Singh Kaur Sharma
        Gupta Kim Park Choi Tanaka Suzuki Sato Yamamoto"""
    ),
)
RUSSIAN = Names(
    women=_listed(
        """Анна Елена Ольга Наталья Татьяна Ирина Екатерина Мария Светлана Юлия Анастасия Марина Людмила Галина
        Надежда Валентина Александра Оксана Дарья Ксения Вера Виктория Лариса Нина Любовь Алина Инна Яна Алёна
        Полина Наталия Софья София Маргарита Кристина Евгения Вероника Валерия Диана Лилия Жанна Тамара Раиса Зоя
        Лидия Алла Антонина Елизавета Варвара Зинаида Римма Нелли Эльвира Регина Арина Карина Ульяна Милана Марта
        Майя Ева Злата"""
    ),
    men=_listed(
        """Александр Сергей Дмитрий Андрей Алексей Владимир Михаил Иван Евгений Николай Максим Игорь Юрий Олег Павел
        Константин Виктор Роман Антон Денис Илья Анатолий Вячеслав Владислав Артём Никита Кирилл Виталий
        Станислав Борис Пётр Василий Григорий Геннадий Леонид Фёдор Семён Степан Валерий Вадим Руслан Тимур
        Тимофей Егор Георгий Матвей Лев Арсений Аркадий Эдуард Яков Ярослав Герман Филипп Даниил Данила Глеб Марк
        Святослав"""
    ),
    families=_listed(
        """Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев
        Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев
        Соловьёв Борисов Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв
        Гусев Киселёв Ильин Максимов Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков
        Баранов Филиппов Комаров Давыдов Беляев Герасимов Богданов Осипов Сидоров Матвеев Титов Марков Миронов
        Крылов Куликов Карпов Власов Мельников Денисов Гаврилов Тихонов Казаков Афанасьев Данилов Савельев
        Тимофеев Фомин Чернов Абрамов Мартынов Ефимов Федотов Щербаков Шербаков Назаров Калинин Исаев Чернышёв
        Быков Маслов Родионов Коновалов Лазарев Воронин Климов Филатов Пономарёв Голубев Кудрявцев Прохоров
        Наумов Потапов Журавлёв Овчинников Трофимов Леонов Соболев Ермаков Колесников Гончаров Емельянов
        Никифоров Грачёв Котов Гришин Ефремов Архипов Громов Кириллов Малышев Панов Моисеев Румянцев Акимов
        Кондратьев Бирюков Горбунов Анисимов Еремин Тихомиров Галкин Лукьянов Михеев Скворцов Юдин Белоусов
        Нестеров Симонов Прокофьев Харитонов Князев Цветков Левин Митрофанов Воронов Аксёнов Софронов Мальцев
        Логинов Горшков Савин Краснов Майоров Демидов Елисеев Рыбаков Сафонов Плотников Демин Хохлов Фадеев
        Молчанов Игнатов Литвинов Ершов Ушаков Дементьев Рябов Мухин Калашников Леонтьев Лобанов Кузин Корнеев
        Евдокимов Бородин Платонов Некрасов Балашов Бобров Жданов Блинов Игнатьев Коротков Муравьёв Крюков
        Беляков Богомолов Дроздов Лавров Зуев Петухов Ларин Никулин Серов Терентьев Зотов Устинов Фокин Самойлов
        Константинов Сахаров Шишкин Самсонов Черкасов Чистяков Носов Спиридонов Карасёв Авдеев Воронцов Зверев
        Владимиров Селезнёв Нечаев Кудряшов Седов Фирсов Андрианов Панфилов Головин Терехов Ульянов Шестаков
        Агеев Никонов Селиванов Баженов Гордеев Кожевников Пахомов Зимин Костин Широков Филимонов Ларионов
        Овсянников Сазонов Суворов Нефёдов Корнилов Любимов Львов Горбачёв Копылов Лукин Токарев Кулешов Шилов
        Большаков Панкратов Родин Шаповалов Покровский Бочаров Никольский Маркин Горелов Агафонов Берёзин
        Ермолаев Зубков Куприянов Трифонов Масленников Круглов Третьяков Колосов Рожков Артамонов Шмелёв Лаптев
        Лапшин Федосеев Зиновьев Зорин Уткин Столяров Зубов Ткачёв Дорофеев Антипов Завьялов Свиридов Золотарёв
        Кулаков Мещеряков Макеев Дьяконов Гуляев Петровский Бондарев Поздняков Панфёров Кочетков Суханов Рыжов
        Старостин Калмыков Колпаков Золотов Шевченко Коваленко Бондаренко Ткаченко Кравченко Шевчук Мельник Бойко
        Лысенко Савченко Марченко Хрущёв Хрусталёв Чайковский Достоевский Вознесенский Преображенский"""
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RussianName:
    """A Russian name, families and fathers in their masculine form."""

    given: str
    father: str
    family: str
    female: bool

    @property
    def in_full(self) -> str:
        """Анна Петровна Щербакова."""
        return f"{self.given} {patronymic(self.father, self.female)} {family_name(self.family, self.female)}"

    @property
    def short(self) -> str:
        """Анна Щербакова."""
        return f"{self.given} {family_name(self.family, self.female)}"


def family_name(masculine: str, female: bool) -> str:
    """A family name as a woman bears it."""
    if not female:
        return masculine
    if masculine.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return masculine + "а"
    return re.sub("[иоы]й$", "ая", masculine)


_OWN_PATRONYMICS = {
    "Илья": "Ильи", "Никита": "Никити", "Лев": "Льво", "Пётр": "Петро", "Павел": "Павло", "Данила": "Данило",
    "Яков": "Яковле", "Михаил": "Михайло",
}  # fmt: skip


def patronymic(father: str, female: bool) -> str:
    """Петровна, Петрович."""
    if father in _OWN_PATRONYMICS:
        stem = _OWN_PATRONYMICS[father]
        if stem.endswith("и"):
            return stem + ("нична" if female else "ч")
    elif father.endswith("ий"):
        stem = father[:-2] + ("ье" if father not in ("Дмитрий", "Юрий", "Валерий", "Григорий") else "ие")
    elif father.endswith(("й", "ь")):
        stem = father[:-1] + "е"
    else:
        stem = father + "о"
    return stem + ("вна" if female else "вич")


_SCHEMES: dict[str, dict[str, str]] = {
    "passport": {
        "ж": "zh", "й": "i", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ы": "y", "ъ": "ie", "ь": "",
        "э": "e", "ю": "iu", "я": "ia", "ё": "e",
    },
    "library": {
        "ж": "zh", "й": "y", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ы": "y", "ъ": "", "ь": "",
        "э": "e", "ю": "yu", "я": "ya", "ё": "yo",
    },
    "german": {
        "ж": "sch", "й": "j", "х": "ch", "ц": "z", "ч": "tsch", "ш": "sch", "щ": "schtsch", "ы": "y", "ъ": "", "ь": "",
        "э": "e", "ю": "ju", "я": "ja", "ё": "jo", "в": "w",
    },
    "french": {
        "ж": "j", "й": "i", "х": "kh", "ц": "ts", "ч": "tch", "ш": "ch", "щ": "chtch", "ы": "y", "ъ": "", "ь": "",
        "э": "e", "ю": "iou", "я": "ia", "ё": "io", "у": "ou",
    },
}  # fmt: skip
_PLAIN = dict(zip("абвгдезиклмнопрстуф", "abvgdeziklmnoprstuf", strict=True))


def latin_name(name: str, scheme: str = "passport") -> str:
    """A Russian name in Latin letters. scheme: "passport", "library", "german" or "french"."""
    letters = {**_PLAIN, **_SCHEMES[scheme]}
    return " ".join("".join(letters.get(c, c) for c in word.lower()).title() for word in name.split())

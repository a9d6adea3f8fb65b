"""Compares two records, exactly or as far as another processor's rounding lets them agree."""
import difflib
import json
import re

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")
SPACES = re.compile(r"\s+")
MOST_SHOWN = 40  # lines of each difference
MOST_CHARACTERS = 240  # of each line


class Allowance:
    """Differences that are meant. Lines of its file: `old -> new` for a renamed word, and `ignore NAME` for
    a JSON member whose value may be anything. `#` begins a comment."""

    def __init__(self, path=None):
        self._renames, self._ignored = [], []
        if not path:
            return
        with open(path, encoding="utf-8") as file:
            for line in (line.partition("#")[0].strip() for line in file):
                self._add(line, path)

    def _add(self, line, path):
        if " -> " in line:
            old, new = (word.strip() for word in line.split(" -> "))
            self._renames.append((re.compile(rf"(?<!\w){re.escape(old)}(?!\w)"), new))
        elif line.startswith("ignore "):
            name = re.escape(line.split()[1])
            self._ignored.append(re.compile(rf'("{name}": ?)("(?:[^"\\]|\\.)*"|[^,}}\]]+)'))
        elif line:
            raise SystemExit(f"{path}: neither 'old -> new' nor 'ignore NAME': {line}")

    def renamed(self, text):
        """In both records: the second one still repeats old words that it was given as arguments."""
        for pattern, new in self._renames:
            text = pattern.sub(new, text)
        return text

    def canonical(self, lines):
        lines = [self.renamed(line) for line in lines]
        for pattern in self._ignored:
            lines = [pattern.sub(r"\1<ignored>", line) for line in lines]
        return lines

    def same(self, old, new):
        """Whether two sections agree. Where a renamed word stands, a table may have other spaces and a JSON
        object, whose members are sorted, another order; elsewhere every byte counts."""
        left, right = self.canonical(old), self.canonical(new)
        if left == right:
            return True
        if all(self.renamed(line) == line for line in old):
            return False
        return list(map(one_space, left)) == list(map(one_space, right)) or (
            json_values(left) == json_values(right) is not None)


def one_space(line):
    return SPACES.sub(" ", line)


def json_values(lines):
    """The values of a JSON text or of JSON lines; None where it is neither."""
    for texts in (["\n".join(lines)], lines):
        try:
            return [json.loads(text) for text in texts]
        except ValueError:
            pass
    return None


def last_digit(number):
    """The worth of one unit in the last digit as written."""
    mantissa, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def numbers_agree(golden, found):
    """Whole numbers must be equal. Others may differ by 2e-3 of their value, or by one in the last digit
    that both show: processors with AVX2 and with AVX-512 sum in another order, a training of some
    steps carries the difference of 1e-7 on, and a number printed with few digits may round over."""
    if golden == found:
        return True
    if all(re.fullmatch(r"[-+]?\d+", number) for number in (golden, found)):
        return False
    tolerance = max(2e-3 * abs(float(golden)), 1.01 * min(last_digit(golden), last_digit(found)))
    return abs(float(golden) - float(found)) <= tolerance


def lines_agree(golden, found):
    if golden == found:
        return True
    if one_space(NUMBER.sub("#", golden)) != one_space(NUMBER.sub("#", found)):
        return False
    return all(map(numbers_agree, NUMBER.findall(golden), NUMBER.findall(found)))


def nearly_same(golden, found):
    return len(golden) == len(found) and all(map(lines_agree, golden, found))


def difference(old, new, agree=str.__eq__):
    """A unified difference whose lines that agree within the tolerance are not shown as changed."""
    if len(old) == len(new):
        new = [a if agree(a, b) else b for a, b in zip(old, new)]
    if len(old) == len(new) == 1:
        old, new = old[0].split(","), new[0].split(",")  # a long line of JSON, a row of numbers
    lines = list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]
    more = [f"... {len(lines) - MOST_SHOWN} more lines"] if len(lines) > MOST_SHOWN else []
    return [f"    {line[:MOST_CHARACTERS]}" for line in lines[:MOST_SHOWN] + more]


def paired(old, new, name_of):
    """Items of two dictionaries whose names agree: (name, old item or None, new item or None)."""
    old = {name_of(name): item for name, item in old.items()}
    new = {name_of(name): item for name, item in new.items()}
    for name in [*old, *(name for name in new if name not in old)]:
        yield name, old.get(name), new.get(name)


def step_name(title):
    return title.partition(":")[0]


def differences(old, new, same, renamed=str, agree=str.__eq__):
    """Readable lines about all that differs; none where two records agree."""
    lines = []
    for step, old_sections, new_sections in paired(old, new, step_name):
        if old_sections is None or new_sections is None:
            lines.append(f"{step}: only in the {'second' if old_sections is None else 'first'} record")
            continue
        for section, before, after in paired(old_sections, new_sections, renamed):
            if before is None or after is None:
                lines.append(f"{step}, {section}: only in the "
                             f"{'second' if before is None else 'first'} record")
            elif not same(before, after):
                lines += [f"{step}, {section}:", *difference(before, after, agree)]
    return lines

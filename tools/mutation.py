#!/usr/bin/env python3
"""Changes one token of a room at a time and sees whether the room's tests notice: `make mutation ROOM=core SEED=1 COUNT=50`.

A mutant is one change: an operator, a constant, an enumerator, a condition negated, an operand, a statement or a returned value taken away.
SEED and COUNT draw a sample of all that are possible, so that it can be drawn again. Each is compiled alone, in a directory of its own,
and linked in place of the object it comes from; the tree is never touched. A test that fails, crashes or does not end in time kills it.
Only tests that enter the function of a change are run, and of a change outside of all functions those that enter its file: each was run
once with coverage before. Printed: survivors with place and change, in the form of tests/mutation/judged.txt, where those that are no gap
are kept with the reason; score and time. Exit code: 0 the score is that of the room or better, 1 not, 2 it could not be tried.
Not: what nobody can notice (static assertions, the size of an array parameter, what an error holds before a failure sets it); a mutant that does not compile counts for nothing.
Relies on: make (VARIANT=mutant), gcc; Python's standard library alone."""
import argparse
import concurrent.futures
import json
import os
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time

# Room: patterns of its sources, folder of its tests under tests/unit, tests and folders elsewhere, least score in percent. Of the bureau and the
# station it is what takes in records and decides who may do what.
ROOMS = {
    "core": (["firmware/core/*.c"], "firmware/core", ["tests/sim/test_fill_exhaustive"], 95),
    "controller": (["firmware/controller/*.c"], "firmware/controller", [], 85),
    "plant": (["firmware/plant/*.c"], "firmware/plant", [], 85),
    "journal": (["firmware/journal/*.c"], "firmware/journal", ["tests/sim/test_powercut"], 85),
    "list": (["lib/list/*.c", ":!lib/list/serve"], "lib/list", ["tests/sim/test_powercut_list"], 85),
    "lib": (["lib/*.c", ":!lib/list"], "lib", ["tests/unit/host/pki/test_ca", "tests/unit/proto"], 85),
    "proto": (["proto/*.c"], "proto", ["tests/unit/host/pki/test_ca", "tests/unit/lib"], 85),
    "bureau": ([f"host/bureau/{name}.c" for name in ("journal/ingest", "audit/entry_check", "device/enrolment", "device/enrol_routes", "device/one_time_code", "case/case",
                                                     "case/case_follow", "case/case_write", "user/user", "user/rights")], "host/bureau", [], 85),
    "station": (["host/station/intake.c", "host/station/up/forward.c", "host/station/store/store*.c", ":!host/station/store/store_verifier.c"], "host/station", [], 85),
}
JUDGED = "tests/mutation/judged.txt"
OUTSIDE = "-"  # of all functions
VERDICTS = {"E": "equivalent", "B": "boundary of one unit", "S": "fails on the safe side", "A": "only a sanitizer sees it", "T": "words of a message"}
BUILD = "build/mutant"
FAILED = b"\n  FAIL "  # how a test program (tests/lib/check.c) says that a test failed
SECONDS_LEAST = 20.0  # for a test of a mutant; a slower one has four times as long as without a change

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<number>(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?)\w*)
  | (?P<sign><<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|\+=|-=|\*=|/=|\|=|&=|\^=|->|[-+*/%&|^~!<>=?:;,.(){}\[\]\#\\])
""", re.S | re.X)
SWAPS = {"<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
         "++": ["--"], "--": ["++"], "+=": ["-=", "="], "-=": ["+=", "="], "|=": ["=", "&="], "&=": ["=", "|="], "<<": [">>"], ">>": ["<<"]}
SPACED_SWAPS = {"+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "&": ["|"], "|": ["&"]}  # as binary operators are laid out
STATEMENT_ENDS = {"{", "}", ";", ":", "else"}
DECLARES = re.compile(r"^(?:static|const|struct|enum|union|uint\d+_t|int\d+_t|size_t|ssize_t|bool|int|char|unsigned|double|void|uint|long|extern|typedef|goto|break|continue|case|default)\b")


class Mutant:
    """One change: bytes begin..end of a file become after."""

    def __init__(self, path, source, function, kind, begin, end, after):
        self.path, self.function, self.kind, self.begin, self.end, self.after = path, function, kind, begin, end, after
        self.line = source.count("\n", 0, begin) + 1
        line_begin = source.rfind("\n", 0, begin) + 1
        self.line_text = " ".join(source[line_begin:(source.find("\n", begin) + 1 or len(source) + 1) - 1].split())
        self.before = " ".join(source[begin:end].split())
        self.nth = source[line_begin:begin].count(source[begin:end]) + 1

    def change(self):
        return f"{self.before} -> {self.after or '(deleted)'}" + (f" #{self.nth}" if self.nth > 1 else "")

    def key(self):
        return f"{self.path} | {self.function} | {self.line_text} | {self.change()}"

    def applied(self, source):
        return source[:self.begin] + self.after + source[self.end:]


def tokens_of(source):
    """(kind, text, begin, end) without comments, includes and the like; numbers in #define lines stay."""
    skip_lines = set()
    for match in re.finditer(r"^[ \t]*#[ \t]*(\w+)[^\n]*(?:\\\n[^\n]*)*", source, re.M):
        if match.group(1) != "define" or not re.match(r"[ \t]*#[ \t]*define[ \t]+\w+[ \t]+\(?[-+\d]", match.group(0)):
            skip_lines.add((match.start(), match.end()))
    found = []
    for match in TOKEN.finditer(source):
        kind = match.lastgroup
        if kind != "comment" and not any(begin <= match.start() < end for begin, end in skip_lines):
            found.append((kind, match.group(), match.start(), match.end()))
    return found


def enums_of_tree():
    """Enumerator -> all of its enum."""
    siblings = {}
    files = subprocess.run(["git", "ls-files", "*.h", "*.c"], capture_output=True, text=True, check=True).stdout.split()
    for path in files:
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        for body in re.findall(r"\benum\b[^{;()]*\{([^}]*)\}", text):
            names = re.findall(r"(?:^|,)\s*([A-Z_][A-Z0-9_]*)\s*(?:=[^,]*)?", body)
            for name in names:
                siblings[name] = names
    return siblings


def partner(tokens, at, step):
    """The index of the bracket that belongs to the one at `at`, or None."""
    pairs = {"(": ")", "[": "]", "{": "}"} if step > 0 else {")": "(", "]": "[", "}": "{"}
    depth = 0
    while 0 <= at < len(tokens):
        text = tokens[at][1]
        if text in pairs:
            depth += 1
        elif text in pairs.values():
            depth -= 1
            if depth == 0:
                return at
        at += step
    return None


def operand_edge(tokens, at, step):
    """The last token of the operand of && or || that begins beside `at`."""
    ends = {"&&", "||", "?", ":", ";", ",", "=", "return", "{", "}"}
    closing = ")" if step > 0 else "("
    at += step
    last = None
    while 0 <= at < len(tokens):
        text = tokens[at][1]
        if text in ends or text in (closing, "]" if step > 0 else "["):
            return last
        if text in ("(", "[") if step > 0 else text in (")", "]"):
            at = partner(tokens, at, step)
            if at is None:
                return None
        last = at
        at += step
    return last


def function_named(tokens, at):
    """NAME() when the token at `at`, outside of all brackets, begins the list of parameters of a function."""
    if tokens[at][1] != "(" or at == 0 or tokens[at - 1][0] != "word":
        return None
    close = partner(tokens, at, 1)
    return f"{tokens[at - 1][1]}()" if close is not None and [token[1] for token in tokens[close + 1:close + 2]] == ["{"] else None


def mutants_of(path, enums):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    tokens = tokens_of(source)
    found = []

    def add(kind, begin, end, after):
        found.append(Mutant(path, source, function, kind, begin, end, after))

    depth = 0
    function = OUTSIDE
    statement = None  # index of the first token of the present statement, inside functions
    silent = -1  # up to this token nothing that is changed can be noticed: a static assertion
    parentheses = brackets = 0
    for i, (kind, text, begin, end) in enumerate(tokens):
        previous = tokens[i - 1][1] if i > 0 else ";"
        parentheses += (text == "(") - (text == ")")
        brackets += (text == "[") - (text == "]")
        if text in ("static_assert", "_Static_assert"):
            silent = partner(tokens, i + 1, 1) or i
        # The size in an array parameter is words only.
        if i <= silent or depth == 0 and parentheses > 0 and brackets > 0:
            continue
        if depth == 0:
            function = (function_named(tokens, i) or function) if text != ";" and previous != "}" else OUTSIDE
        depth += (text == "{") - (text == "}")
        if text in SWAPS and not (text in "<>" and source[begin - 1] != " "):
            for other in SWAPS[text]:
                add("operator", begin, end, other)
        elif text in SPACED_SWAPS and source[begin - 1] == " " and source[end:end + 1] in (" ", "\n"):
            for other in SPACED_SWAPS[text]:
                add("operator", begin, end, other)
        elif kind == "number" and [token[1] for token in tokens[max(i - 5, 0):i][:2]] != ["struct", "fg_error"]:
            whole = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", text)
            if whole:
                value = int(whole.group(1), 16 if whole.group(1)[:2] in ("0x", "0X") else 8 if re.fullmatch(r"0\d+", whole.group(1)) else 10)
                row = source[source.rfind("\n", 0, begin) + 1:source.find("\n", begin)]
                # Of a table of measured values one unit more is within their rounding.
                others = {value + 1, value - 1} if value > 0 else {1}
                for other in sorted({value + value // 100 + 1} if len(re.findall(r"\b\d+\b", row)) >= 5 else others):
                    add("constant", begin, end, f"{other}{whole.group(2)}")
        elif text in ("true", "false"):
            add("constant", begin, end, "false" if text == "true" else "true")
        elif kind == "word" and text in enums and previous not in ("case",) and len(enums[text]) > 1:
            names = enums[text]
            at = names.index(text)
            for other in sorted({names[(at + 1) % len(names)], names[at - 1]} - {text}):
                if not other.endswith("_COUNT") or text.endswith("_COUNT"):
                    add("enumerator", begin, end, other)
        elif kind == "word" and depth > 0 and re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+", text) and re.search(r"_(MS|MAX|MIN|BYTES|COUNT|AT|LENGTH|DC|KPA|G|S|STEP)$|_MAX_|_MIN_", text) \
                and text not in enums and tokens[i + 1][1] != "(" and previous not in ("#", "define"):
            add("constant", begin, end, f"({text} + 1)")
            add("constant", begin, end, f"({text} - 1)")
        if text in ("&&", "||"):
            left, right = operand_edge(tokens, i, -1), operand_edge(tokens, i, 1)
            if left is not None:
                add("operand deleted", tokens[left][2], tokens[i + 1][2], "")
            if right is not None:
                add("operand deleted", tokens[i - 1][3], tokens[right][3], "")
        if text == "if" and tokens[i + 1][1] == "(":
            close = partner(tokens, i + 1, 1)
            if close is not None:
                add("condition negated", tokens[i + 1][3], tokens[close][2], f"!({source[tokens[i + 1][3]:tokens[close][2]]})")
        starts_statement = depth > 0 and (previous in STATEMENT_ENDS or (previous == ")" and source[tokens[i - 1][3]:begin].count("\n") == 1)) and kind == "word"
        if starts_statement and not DECLARES.match(text) and text not in ("if", "for", "while", "switch", "do", "else"):
            stop = i
            while stop < len(tokens) and tokens[stop][1] != ";" and tokens[stop][1] not in ("{", "}"):
                stop = partner(tokens, stop, 1) + 1 if tokens[stop][1] in ("(", "[") and partner(tokens, stop, 1) else stop + 1
            if stop < len(tokens) and tokens[stop][1] == ";" and stop > i + 1:
                if text != "return":
                    add("statement deleted", begin, tokens[stop][2], "")
                elif stop > i + 2 or tokens[i + 1][1] not in ("true", "false", "0", "NULL") and tokens[i + 1][1] not in enums:
                    add("return value", tokens[i + 1][2], tokens[stop][2], "0")
            elif text == "return" and stop == i + 1:
                add("statement deleted", begin, tokens[stop][2], "")
    return source, found


def make_flags():
    """Compiler, and the flags of compiling and linking, as make has them."""
    said = subprocess.run(["make", "-s", "--no-print-directory", "VARIANT=mutant", "mutant-flags"], capture_output=True, text=True, check=True).stdout
    return {name: value.split() for name, value in (line.split("=", 1) for line in said.splitlines() if "=" in line)}


class Bench:
    """The tests of a room, linked with a mutant in place of its object."""

    def __init__(self, room, flags, all_tests=False):
        _, folder, more, _ = ROOMS[room]
        self.flags, self.all_tests = flags, all_tests
        self.tests = sorted(f"{base}/{name[:-2]}" for base, _, names in os.walk(f"tests/unit/{folder}")
                            for name in names if name.startswith("test_") and name.endswith(".c"))
        self.tests += [test for test in more if os.path.exists(f"{test}.c")]
        self.tests += sorted(f"{base}/{name[:-2]}" for root in more for base, _, names in os.walk(root) for name in names
                             if name.startswith("test_") and name.endswith(".c"))
        self.seconds, self.entered, self.kills, self.functions = {}, {}, {}, set()
        # What a child of a test enters is not counted.
        self.forking = {test for test in self.tests if "fork(" in open(f"{test}.c", encoding="utf-8").read()}
        # Nothing is lost with the power here, so that no test need wait for a disk. Both back ends hold the same statements: SQLite alone
        # tells whether a change is noticed, in a tenth of the time.
        self.environment = dict(os.environ, BUILD=BUILD, TMPDIR="/dev/shm" if os.path.isdir("/dev/shm") else "/tmp", FG_TESTS_NO_POSTGRES="1")

    def link(self, test, objects, program):
        with open("build/link_rooms.mk", encoding="utf-8") as rooms:
            uses = next(line for line in rooms if line.startswith(f"USES_{test} :=")).split()[2:]
        subprocess.run([*self.flags["CC"], "-o", program, f"{BUILD}/{test}.o", *objects, f"{BUILD}/tests/lib/check.o",
                        *[f"{BUILD}/{room}.a" for room in uses], *self.flags["LDLIBS"]], check=True, capture_output=True)

    def passes(self, test, program, limit):
        begun = time.monotonic()
        process = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment,
                                   start_new_session=True)
        try:
            ended = self.runs_well(process.stdout, begun + limit)
            good = ended and process.wait(timeout=SECONDS_LEAST) == 0
        except subprocess.TimeoutExpired:
            good = False
        finally:
            # Whatever the test has started goes with it.
            try:
                os.killpg(process.pid, 9)
            except ProcessLookupError:
                pass
            process.wait()
            process.stdout.close()
        return good, time.monotonic() - begun

    @staticmethod
    def runs_well(output, deadline):
        """Reads what a test program says until it ends. False: one of its tests failed, so that the others need not run, or time is over."""
        said = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                return False
            more = os.read(output.fileno(), 65536)
            if more == b"":
                return True
            said = (said + more)[-65536 - len(FAILED):]
            if FAILED in said:
                return False

    def baseline(self, sources, scratch):
        """Each test once without a change, with coverage of the room's files: how long it takes and which functions it enters. The test that
        fails, or None."""
        objects = []
        for path in sources:
            objects.append(os.path.join(scratch, "baseline", path[:-2] + ".o"))
            os.makedirs(os.path.dirname(objects[-1]), exist_ok=True)
            subprocess.run([*self.flags["CC"], *self.flags["CFLAGS"], "--coverage", "-c", "-o", objects[-1], path], check=True, capture_output=True)
        for test in self.tests:
            program = os.path.join(scratch, test)
            os.makedirs(os.path.dirname(program), exist_ok=True)
            self.link(test, ["--coverage", *objects], program)
            good, self.seconds[test] = self.passes(test, program, 600)
            os.remove(program)
            if not good:
                return test
            self.entered[test] = self.functions_entered(objects)
        return None

    def functions_entered(self, objects):
        """(path, first line, last line) of each function that ran since the last call."""
        entered = set()
        for counted in [built[:-2] + ".gcda" for built in objects if os.path.exists(built[:-2] + ".gcda")]:
            said = subprocess.run(["gcov", "--json-format", "--stdout", counted], check=True, capture_output=True, text=True).stdout
            for file in [file for line in said.splitlines() for file in json.loads(line)["files"]]:
                for one in file["functions"]:
                    place = (file["file"], one["start_line"], one["end_line"])
                    self.functions.add(place)
                    entered |= {place} if one["execution_count"] > 0 else set()
            os.remove(counted)
        return entered

    def tests_of(self, mutant):
        """The tests that a change can matter to, likeliest to notice it in little time first."""
        around = {one for one in self.functions if one[0] == mutant.path and one[1] <= mutant.line <= one[2]}
        chosen = [test for test in self.tests
                  if self.all_tests or test in self.forking or (around & self.entered[test] if around else any(one[0] == mutant.path for one in self.entered[test]))]
        return sorted(chosen, key=lambda test: self.seconds[test] / (1 + self.kills.get((mutant.path, test), 0)))

    def killer(self, mutant, source, scratch):
        """The test that notices, None: it survives; "" : it does not compile."""
        directory = os.path.join(scratch, os.path.dirname(mutant.path))
        os.makedirs(directory, exist_ok=True)
        changed = os.path.join(scratch, mutant.path)
        with open(changed, "w", encoding="utf-8") as file:
            file.write(mutant.applied(source))
        built = os.path.join(scratch, "mutant.o")
        if subprocess.run([*self.flags["CC"], *self.flags["CFLAGS"], "-c", "-o", built, changed], capture_output=True, check=False).returncode != 0:
            return ""
        for test in self.tests_of(mutant):
            # Some tests find the programs by their own place in the tree of what was built.
            program = os.path.join(scratch, test)
            os.makedirs(os.path.dirname(program), exist_ok=True)
            self.link(test, [built], program)
            good, _ = self.passes(test, program, max(SECONDS_LEAST, 4 * self.seconds[test]))
            os.remove(program)
            if not good:
                self.kills[mutant.path, test] = self.kills.get((mutant.path, test), 0) + 1
                return test
        return None


def judged_read():
    """Key -> verdict and reason."""
    judged = {}
    if not os.path.exists(JUDGED):
        return judged
    with open(JUDGED, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if line == "" or line.startswith("# "):
                continue
            key, _, reason = line.rpartition(" | ")
            if key.count(" | ") < 3 or reason[:1] not in VERDICTS or reason[1:3] != ": ":
                sys.exit(f"{JUDGED}:{number}: not FILE | FUNCTION() | LINE | CHANGE | LETTER: REASON with a letter of {', '.join(VERDICTS)}")
            if not re.fullmatch(r"\w+\(\)|" + OUTSIDE, key.split(" | ")[1]):
                sys.exit(f"{JUDGED}:{number}: names no function after the file: put in its name and (), or {OUTSIDE} outside of all functions: "
                         f"FILE | FUNCTION() | LINE | CHANGE | LETTER: REASON, as survivors are printed")
            judged[key] = reason
    return judged


def programs_into(scratch):
    """Some tests look for the programs beside what was built."""
    for name in os.listdir(BUILD):
        if name.startswith("fillgate"):
            os.symlink(os.path.abspath(f"{BUILD}/{name}"), os.path.join(scratch, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--room", choices=sorted(ROOMS), default="core")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--file", default="", help="only files whose path contains this")
    parser.add_argument("--line", type=int, default=0, help="only this line of them")
    parser.add_argument("--all-tests", action="store_true", help="run every test of the room for each change, to see whether the choice misses one")
    parser.add_argument("--list", action="store_true", help="only list what would be tried")
    options = parser.parse_args()
    patterns, _, _, least = ROOMS[options.room]
    enums = enums_of_tree()
    sources, candidates = {}, []
    files = subprocess.run(["git", "ls-files", *patterns], capture_output=True, text=True, check=True).stdout.split()
    for path in files:
        if options.file in path and not path.endswith(("/main.c", "_main.c")):
            sources[path], found = mutants_of(path, enums)
            candidates += [one for one in found if options.line in (0, one.line)]
    random.Random(options.seed).shuffle(candidates)
    if not candidates:
        sys.exit(f"mutation: nothing to change in {options.room} {options.file}")
    if options.list:
        for mutant in candidates[:options.count]:
            print(f"{mutant.path}:{mutant.line} [{mutant.kind}] {mutant.key()}")
        return 0
    bench = Bench(options.room, make_flags(), options.all_tests)
    if not bench.tests:
        sys.exit(f"mutation: the room {options.room} has no tests")
    begun = time.monotonic()
    subprocess.run(["make", "-s", "--no-print-directory", f"-j{options.jobs}", "VARIANT=mutant", *[f"{BUILD}/{test}" for test in bench.tests],
                    *bench.flags.get("READER", [])], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="fillgate-mutation-") as scratch:
        programs_into(scratch)
        failing = bench.baseline([path for path in files if not path.endswith("_main.c")], scratch)
    if failing is not None:
        print(f"mutation: {failing} fails without any change; nothing can be said")
        return 2
    print(f"{options.room}: {len(candidates)} possible changes; {min(options.count, len(candidates))} by seed {options.seed}; "
          f"tests take {sum(bench.seconds.values()):.1f} s; ready after {time.monotonic() - begun:.0f} s", flush=True)
    judged = judged_read()
    possible = {one.key() for one in candidates}
    for key in sorted(key for key in judged if key.split(" | ")[0] in sources and key not in possible and options.line == 0):
        print(f"stale    {JUDGED} judges a change that is none any more: {key}", flush=True)
    tally = {"killed": 0, "judged": 0, "survived": 0, "stillborn": 0}
    lock = threading.Lock()
    remaining = iter(candidates)
    told = [0]

    def work(scratch):
        while True:
            with lock:
                if told[0] >= options.count:
                    return
                mutant = next(remaining, None)
                if mutant is None:
                    return
                told[0] += 1
            killer = bench.killer(mutant, sources[mutant.path], scratch)
            with lock:
                if killer == "":
                    tally["stillborn"] += 1
                    told[0] -= 1
                elif killer is not None:
                    tally["killed"] += 1
                elif mutant.key() in judged:
                    tally["judged"] += 1
                    print(f"judged   {mutant.path}:{mutant.line} [{mutant.kind}] {mutant.key()} | {judged[mutant.key()]}", flush=True)
                else:
                    tally["survived"] += 1
                    print(f"SURVIVED {mutant.path}:{mutant.line} [{mutant.kind}] {mutant.key()}", flush=True)

    scratches = []
    try:
        for _ in range(options.jobs):
            scratch = tempfile.mkdtemp(prefix="fillgate-mutation-")
            scratches.append(scratch)
            programs_into(scratch)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for done in [pool.submit(work, scratch) for scratch in scratches]:
                done.result()
    finally:
        for scratch in scratches:
            shutil.rmtree(scratch, ignore_errors=True)
    tried = tally["killed"] + tally["judged"] + tally["survived"]
    score = 100.0 * (tally["killed"] + tally["judged"]) / tried if tried else 0.0
    print(f"{options.room}, seed {options.seed}: {tried} mutants, {tally['killed']} killed, {tally['judged']} survive and are judged to be no gap, "
          f"{tally['survived']} survive; score {score:.1f} % (at least {least} %); {tally['stillborn']} did not compile; {time.monotonic() - begun:.0f} s")
    return 0 if score >= least else 1


if __name__ == "__main__":
    sys.exit(main())

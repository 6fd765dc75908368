"""Called by scripts/bench. usage: bench.py WORK SIGMA SMALL_MIB LARGE_MIB RUNS"""
import os, re, statistics, subprocess, sys, time, uuid

work, sigma, small, large, runs = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
goshawk = os.path.join(work, 'goshawk')
folders = ['rules', 'rules-emerging-threats', 'rules-threat-hunting']
once = [x for f in folders for x in ('--rules', os.path.join(sigma, f))]
cache = ['--rule-cache', os.path.join(work, 'cache')]


def run(words, cores=None, to=os.devnull):
    """Processor seconds, wall seconds and peak MiB of a command, the whole process from start to end. to: where its output goes."""
    if cores: words = ['taskset', '-c', cores, *words]
    quiet = [(os.POSIX_SPAWN_OPEN, fd, path, os.O_WRONLY | os.O_CREAT, 0o600) for fd, path in ((1, to), (2, os.devnull))]
    start = time.monotonic()
    _, status, used = os.wait4(os.posix_spawnp(words[0], words, os.environ, file_actions=quiet), 0)
    wall = time.monotonic() - start
    if to != os.devnull: os.remove(to)
    if os.waitstatus_to_exitcode(status) not in (0, 3): sys.exit(f'{words} failed')
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


def together(parts):
    return sum(p[0] for p in parts), sum(p[1] for p in parts), max(p[2] for p in parts)


def dump(size, cores=None, to=os.devnull):
    folder = os.path.join(work, size)
    return together([run(['evtx_dump', '-t', '1', '-o', 'jsonl', os.path.join(folder, f)], cores, to) for f in sorted(os.listdir(folder))])


def hunt(size, *more, rules=once, cores=None, to=os.devnull):
    return run([goshawk, 'hunt', os.path.join(work, size), '-q', '--format', 'jsonl', *cache, *rules, *more], cores, to)


def twice():
    """The rules, and all of them again under other ids, each with one value changed where it has one in quotes."""
    out = os.path.join(work, 'again')
    for folder in folders:
        for root, _, names in os.walk(os.path.join(sigma, folder)):
            for name in names:
                if not name.endswith('.yml'): continue
                path = os.path.join(root, name)
                with open(path, encoding='utf-8') as f: text = f.read()
                text = re.sub(r'^(id:\s*)\S+', lambda m: m[1] + str(uuid.uuid5(uuid.NAMESPACE_URL, m[0])), text, flags=re.M)
                value = re.search(r"^detection:\n(?:.*\n)*?^\s+(?:-\s+)?(?:[\w|]+:\s+)?(?:-\s+)?'[^'\n]{3,}(?=')", text, flags=re.M)
                if value: text = text[:value.end()] + 'q7' + text[value.end():]
                to = os.path.join(out, os.path.relpath(path, sigma))
                os.makedirs(os.path.dirname(to), exist_ok=True)
                with open(to, 'w', encoding='utf-8') as f: f.write(text)
    return [*once, '--rules', out]


def stranger():
    """A rule about no record of Windows."""
    path = os.path.join(work, 'stranger.yml')
    with open(path, 'w') as f:
        f.write('title: about DNS in Zeek\nid: 6f0c7f1c-5a55-4d0e-9c1f-2f1f6f3c7b11\nlogsource: {product: zeek, service: dns}\ndetection: {s: {query: example}, condition: s}\n')
    return ['--rules', path]


def pairs(a, b):
    """Runs in turn, so that a change in the machine's speed meets both; the first pair warms up. Medians, and that of the ratios."""
    seen = [(a(), b()) for _ in range(runs + 1)][1:]
    middle = lambda k, i: statistics.median(s[k][i] for s in seen)
    ratio = lambda i: statistics.median(s[0][i] / s[1][i] for s in seen)
    return [[middle(k, i) for i in range(3)] for k in range(2)], [ratio(i) for i in range(3)]


def row(what, figure, at_most, note=''):
    print(f'| {what} | {figure} | {at_most} | {note} |', flush=True)


print(f'{small} and {large} MiB, medians of {runs} runs after one to warm up, whole processes\n')
print('| what | measured | at most | beside |\n|---|---|---|---|')
one = ['--threads', '1']
memory = {}
doubled = twice()  # now, since a rule file that was changed in the last two seconds is read anew
for size, most in ((large, '1.0'), (small, '1.3')):
    (mine, other), ratio = pairs(lambda: hunt(size, *one), lambda: dump(size))
    memory[size] = mine[2]
    row(f'hunt, SigmaHQ rules, {size} MiB: processor time / evtx_dump', f'{ratio[0]:.2f}', most, f'{mine[0]:.2f} s / {other[0]:.2f} s')
    out = os.path.join(work, 'out.jsonl')
    (mine, other), ratio = pairs(lambda: hunt(size, *one, to=out), lambda: dump(size, to=out))
    row(f'the same, where both write to a file', f'{ratio[0]:.2f}', '', f'{mine[0]:.2f} s / {other[0]:.2f} s')
    (mine, base), ratio = pairs(lambda: hunt(size, *one, rules=stranger()), lambda: dump(size))
    row(f'the same with one rule that is about none of these records: read, hash, parse, count / evtx_dump', f'{ratio[0]:.2f}', '', f'{mine[0]:.2f} s / {base[0]:.2f} s')
    (mine, base), ratio = pairs(lambda: run([os.path.join(work, 'hashes'), *[os.path.join(work, size, f) for f in os.listdir(os.path.join(work, size))]]), lambda: dump(size))
    row(f'reading the same files and their SHA-256 alone, by the same library / evtx_dump', f'{ratio[0]:.2f}', '', f'{mine[0]:.2f} s / {base[0]:.2f} s')
(mine, other), ratio = pairs(lambda: hunt(small, *one, rules=doubled), lambda: hunt(small, *one))
row(f'hunt, {small} MiB, every rule twice / once', f'{ratio[0]:.2f}', '1.15', f'{mine[0]:.2f} s / {other[0]:.2f} s')
for size in (small, large):
    (mine, other), ratio = pairs(lambda: run([goshawk, 'events', os.path.join(work, size), '-q', *one]), lambda: dump(size))
    row(f'events --format jsonl, {size} MiB: processor time / evtx_dump', f'{ratio[0]:.2f}', '1.0', f'{mine[0]:.2f} s / {other[0]:.2f} s')
row(f'hunt: peak memory, {large} MiB', f'{memory[large]:.0f} MiB', '200 MiB', f'{small} MiB: {memory[small]:.0f} MiB, ratio {memory[large] / memory[small]:.2f}')
empty = os.path.join(work, 'empty'); os.makedirs(empty)
with open(os.path.join(empty, 'x.bin'), 'wb') as f: f.write(bytes(4096))
start = [goshawk, 'hunt', empty, '-q', '--format', 'jsonl', *once]
first, kept = (statistics.median(x[1] for x in [run([*start, *c]) for _ in range(runs)]) for c in (['--rule-cache', 'off'], cache))
row('start-up with all SigmaHQ rules, wall time: first, and with the cache', f'{first:.2f} s, {kept:.2f} s', '1.5 s, 0.3 s')
(mine, other), ratio = pairs(lambda: hunt(large, cores='0'), lambda: hunt(large, cores='0,1'))
row(f'hunt, {large} MiB: wall time, one core / two', f'{ratio[1]:.2f}', 'at least 1.8', f'{mine[1]:.2f} s / {other[1]:.2f} s')
print('\nCorrelations over ten million events: make bench-correlation.')

"""Figures of goshawk attribute, from the program itself. usage: attribution-figures.py GOSHAWK BUNDLE CASES [DRAWS]"""
import collections, itertools, json, os, random, subprocess, sys, tempfile, time

goshawk, bundle_path, cases_path = sys.argv[1:4]
draws = int(sys.argv[4]) if len(sys.argv) > 4 else 5
work = tempfile.mkdtemp()
bundle, cases = json.load(open(bundle_path)), json.load(open(cases_path))
pool = sorted({t for c in cases for t in c['techniques']})


def ask(cs, knowledge=bundle_path, *more):
    path = os.path.join(work, 'cases.json')
    json.dump(cs, open(path, 'w'))
    began = time.time()
    out = subprocess.run([goshawk, 'attribute', '--attack', knowledge, '--cases', path, '--format', 'json', *more], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(out.stdout), time.time() - began


def top(cs, rs, k): return sum(c['group'] in [x['group'] for x in r['ranking'][:k]] for c, r in zip(cs, rs)) / len(cs)


def bins(pairs, n=10):
    pairs = sorted(pairs)
    return [pairs[i * len(pairs) // n:(i + 1) * len(pairs) // n] for i in range(n)]


def ece(pairs): return sum(len(b) / len(pairs) * abs(sum(p for p, _ in b) - sum(h for _, h in b)) / len(b) for b in bins(pairs) if b)


def degraded(rnd):
    out = []
    for c in cases:
        kept, soft = [x for x in c['techniques'] if rnd.random() < .5] or c['techniques'][:1], [x for x in c['software'] if rnd.random() < .5]
        out.append({**c, 'techniques': sorted(set(kept + rnd.sample(pool, max(1, (len(kept) + len(soft)) // 5)))), 'software': soft})
    return out


def write(objects, name):
    path = os.path.join(work, name)
    json.dump({**bundle, 'objects': objects}, open(path, 'w'))
    return path


def without(groups):
    gone = {o['id'] for o in bundle['objects'] if o['type'] == 'intrusion-set' and any(r.get('external_id') in groups for r in o.get('external_references', []))}
    gone |= {o['source_ref'] for o in bundle['objects'] if o['type'] == 'relationship' and o['relationship_type'] == 'attributed-to' and o['target_ref'] in gone}
    return write([o for o in bundle['objects'] if o['id'] not in gone and o.get('source_ref') not in gone and o.get('target_ref') not in gone], 'less.json')


def auroc(rs, left):
    un, kn = [r['unknown'] for c, r in zip(cases, rs) if c['group'] in left], [r['unknown'] for c, r in zip(cases, rs) if c['group'] not in left]
    return sum((u > k) + .5 * (u == k) for u in un for k in kn) / (len(un) * len(kn))


def span(xs): return f'{sum(xs) / len(xs):.3f} ({min(xs):.3f}–{max(xs):.3f})'


full, seconds = ask(cases)
tech = [{**c, 'software': []} for c in cases if len(c['techniques']) >= 3]
bare, _ = ask(tech)
sure = [(r['ranking'][0]['probability'], r['ranking'][0]['group'] == c['group']) for c, r in zip(cases, full)]
rnd = random.Random(1)
floor = [ece([(p, rnd.random() < p) for p, _ in sure]) for _ in range(500)]
parts = [top(d, ask(d)[0], 3) for d in (degraded(random.Random(s)) for s in range(draws))]
known, blind, unknown_timeless = [], [], []
for s in range(draws):
    left = sorted({c['group'] for c in cases})
    random.Random(s).shuffle(left)
    left = set(left[:len(left) // 3])
    less = without(left)
    known.append(auroc(ask(cases, less)[0], left))
    unknown_timeless.append(auroc(ask(cases, less, '--time', 'none')[0], left))
    blind.append(auroc(ask([{**c, 'software': []} for c in cases], less)[0], left))
print('| measured | at least | here |\n|---|---|---|')
print(f'| techniques and software, top 1 | 0.70 | {top(cases, full, 1):.3f} |\n| the same, top 3 | 0.83 | {top(cases, full, 3):.3f} |')
print(f'| techniques only, top 1 and top 3 | 0.50, 0.68 | {top(tech, bare, 1):.3f}, {top(tech, bare, 3):.3f} |')
print(f'| half dropped, a fifth random, top 3: mean (least to most of {draws} draws) | 0.65 | {span(parts)} |')
print(f'| AUROC of unknown, a third of the groups taken out | 0.85 | {span(known)} |\n| the same, techniques only | | {span(blind)} |')
print(f'| calibration error of the first rank, 10 bins | 0.05 at most | {ece(sure):.3f} |\n| the same of probabilities that are exactly right, by chance | | {span(floor)} |')
full_timeless, bare_timeless = ask(cases, bundle_path, '--time', 'none')[0], ask(tech, bundle_path, '--time', 'none')[0]
parts_timeless = [top(d, ask(d, bundle_path, '--time', 'none')[0], 3) for d in (degraded(random.Random(s)) for s in range(draws))]
sure_timeless = [(r['ranking'][0]['probability'], r['ranking'][0]['group'] == c['group']) for c, r in zip(cases, full_timeless)]
print(f'| {len(cases)} cases, seconds | 40 | {seconds:.1f} |')
print(f'| a top 1 of {top(cases, full, 1):.2f} over {len(cases)} cases is known to within (one standard error) | | ±{(.7 * .3 / len(cases)) ** .5:.3f} |')

print(f"""
Without time (--time none)

| measured | at least | here |
|---|---|---|
| techniques and software, top 1, top 3 | 0.70, 0.83 | {top(cases, full_timeless, 1):.3f}, {top(cases, full_timeless, 3):.3f} |
| techniques only, top 1, top 3 | 0.50, 0.68 | {top(tech, bare_timeless, 1):.3f}, {top(tech, bare_timeless, 3):.3f} |
| half dropped, a fifth random, top 3 | 0.65 | {span(parts_timeless)} |
| AUROC of unknown | 0.85 | {span(unknown_timeless)} |
| calibration error | 0.05 at most | {ece(sure_timeless):.3f} |""")



def marks(said, right):
    """A scale from 0 to 1 with what was said and what was right marked on it."""
    scale = ['·'] * 41
    scale[round(40 * said)] = '○'
    scale[round(40 * right)] = '●' if scale[round(40 * right)] == '·' else '◉'
    return ''.join(scale)


print('\nReliability of the first rank: ○ said, ● was right, ◉ both\n\n| said | was right | cases | 0 to 1 |\n|---|---|---|---|')
for b in bins(sure):
    said, right = sum(p for p, _ in b) / len(b), sum(h for _, h in b) / len(b)
    print(f'| {said:.2f} | {right:.2f} | {len(b)} | `{marks(said, right)}` |')

print('\nLearning curve: top 1 and top 3 with a part of the other reports (mean of 2 draws)\n\n| reports kept | top 1 | top 3 | techniques only, top 3 |\n|---|---|---|---|')
reports = sorted({r['source_name'] for o in bundle['objects'] if o.get('relationship_type') == 'uses' for r in o.get('external_references', [])})
for part in (.25, .5, .75, 1):
    got = []
    for s in range(1 if part == 1 else 2):
        stay = {r for r in reports if random.Random(f'{s}{r}').random() < part}
        objects = []
        for o in bundle['objects']:
            if o.get('relationship_type') == 'uses':
                refs = [r for r in o.get('external_references', []) if r['source_name'] in stay]
                if not refs and o.get('external_references'): continue
                o = {**o, 'external_references': refs}
            objects.append(o)
        path = write(objects, 'part.json')
        a, b = ask(cases, path)[0], ask(tech, path)[0]
        got.append((top(cases, a, 1), top(cases, a, 3), top(tech, b, 3)))
    print(f'| {part:.0%} | ' + ' | '.join(f'{sum(x) / len(x):.3f}' for x in zip(*got)) + ' |')

names = {r['external_id']: o['name'] for o in bundle['objects'] if o['type'] == 'intrusion-set' for r in o.get('external_references', []) if r.get('external_id')}
said = collections.defaultdict(set)
attack_id = {o['id']: r['external_id'] for o in bundle['objects'] for r in o.get('external_references', [])[:1] if 'external_id' in r}
owner = {o['source_ref']: attack_id.get(o['target_ref']) for o in bundle['objects'] if o.get('relationship_type') == 'attributed-to'}
for o in bundle['objects']:
    if o.get('relationship_type') == 'uses' and o['source_ref'].split('--')[0] in ('intrusion-set', 'campaign'):
        g = owner.get(o['source_ref']) or attack_id.get(o['source_ref'])
        for r in o.get('external_references', []): said[g, r['source_name']].add(attack_id.get(o['target_ref']))
users = collections.defaultdict(lambda: collections.defaultdict(set))
for (g, r), items in said.items():
    for i in items: users[i][g].add(r)


def rarest(c):
    """What the case shares with other reports on its group, by its rarest."""
    others = {i: {g for g, rs in users[i].items() if rs - {c['report']}} for i in c['techniques'] + c['software']}
    own = [i for i, gs in others.items() if c['group'] in gs]
    if any(i[0] == 'S' and len(others[i]) <= 5 for i in own): return 'software that at most 5 groups have'
    if any(len(others[i]) <= 5 for i in own): return 'a technique that at most 5 groups have, no such software'
    if any(len(others[i]) <= 20 for i in own): return 'nothing rarer than a technique of 6 to 20 groups'
    return 'only what more than 20 groups have' if own else 'nothing at all'


for title, asked, ranked in (('', cases, full), (', techniques only', tech, bare)):
    print(f'\nCeiling{title}: what a case shares with other reports on its group\n\n| cases that share | share of cases | top 1 | top 3 |\n|---|---|---|---|')
    kinds = collections.defaultdict(list)
    for c, r in zip(asked, ranked): kinds[rarest(c)].append((c, r))
    for kind, l in sorted(kinds.items(), key=lambda x: -len(x[1])):
        print(f'| {kind} | {len(l) / len(asked):.2f} | {top(*zip(*l), 1):.2f} | {top(*zip(*l), 3):.2f} |')
pairs = apart = 0
judged = {(c['group'], c['report']) for c in cases}
by = collections.defaultdict(list)
for (g, r), items in said.items():
    if len(items) >= 8: by[g].append(items)
for g, l in by.items():
    for a, b in itertools.combinations(l, 2):
        pairs += 1
        apart += any(len(users[i]) <= 5 for i in a & b)
print(f'\nTwo reports on one group, of at least 8 items each: {apart / pairs:.2f} of {pairs} pairs share anything that at most 5 groups have.')

print('\nConfusion: groups taken for others more than once\n\n| truth | taken for | times |\n|---|---|---|')
wrong = collections.Counter((names[c['group']], names.get(r['ranking'][0]['group'], '?')) for c, r in zip(cases, full) if r['ranking'][0]['group'] != c['group'])
into = collections.Counter(b for (_, b), n in wrong.items() for _ in range(n))
for (a, b), n in wrong.most_common(): 
    if n > 1: print(f'| {a} | {b} | {n} |')
print('\nTaken for it wrongly most often: ' + ', '.join(f'{a} {n}' for a, n in into.most_common(8)) + f'; {sum(wrong.values())} of {len(cases)} in all.')
